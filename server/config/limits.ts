/** All limits of the product. Times in milliseconds and sizes in bytes, unless the name gives another unit. */
export const limits = {
  /** Maximum number of calls in a tRPC batch. The client's links use the same number (checked by the compiler). */
  batchSize: 10,
  /** Maximum JSON body of a tRPC request. The time to parse hostile superjson grows with its length. */
  jsonBodyBytes: 64 * 1024,
  /** Maximum nesting depth of an input and of its metadata. */
  inputDepth: 100,
  /** Maximum number of superjson's type annotations in an input, such as its dates and undefined values. */
  inputAnnotations: 2_000,
  /** Maximum number of fields that one error response names. A caller can send thousands of unknown fields. */
  fieldErrors: 50,
  /** Maximum multipart body of a form. */
  formBodyBytes: 64 * 1024,
  /** Retry-After of a 503 whose cause gives no time. */
  unavailableRetryAfterSeconds: 5,
  /** Maximum length of an incoming x-request-id. */
  requestIdLength: 128,

  /** Maximum length of a URL's query. Inputs of public queries are its largest part. */
  queryBytes: 8 * 1024,
  /** Maximum number of query parameters of a page. */
  queryParameters: 100,
  /** Maximum number of cookies with a request for a page: as many as browsers keep for a site. */
  cookies: 180,
  /** Time limit for receiving a body, from its first byte to its last. */
  bodyDeadline: 10_000,
  /** Interval at which a process that npm started checks whether npm still runs. */
  npmCheckInterval: 500,
  /** Time limit for in-flight requests during shutdown. */
  shutdownDeadline: 15_000,
  /** Maximum value of `SHUTDOWN_DELAY`. */
  maxShutdownDelaySeconds: 300,

  /** Maximum time that a log line is buffered. */
  logDelay: 10,
  /** Maximum size of the log buffer. Lines that exceed it are written immediately. */
  logBufferBytes: 8 * 1024,
  /** Maximum size of the log lines that wait for a reader that stalls. Further lines are dropped and counted. */
  logQueueBytes: 1024 * 1024,
  /** Time until a write that the reader of the log did not take is tried again. */
  logRetryInterval: 50,
  /** Maximum size of one write to a pipe (PIPE_BUF). Larger writes of several workers could interleave. */
  logPieceBytes: 4 * 1024,

  /** Maximum number of client addresses whose normal form is cached. */
  rememberedAddresses: 10_000,

  /** Maximum number of Host headers whose parsed name is cached. */
  rememberedHosts: 100,

  /** Total length of the documents whose ETags are cached, in characters. */
  rememberedDocumentCharacters: 8 * 1024 * 1024,

  nodeServer: {
    /** Timeout for receiving all headers of a request. */
    headersTimeout: 10_000,
    /** Interval at which the two timeouts are checked. Node's default of 30 s would triple the first one. */
    timeoutCheckInterval: 1_000,
    /** Timeout for receiving a whole request. Longer than any upload that the product accepts. */
    requestTimeout: 30 * 60_000,
    /**
     * Keep-alive timeout. Longer than the usual idle timeout of load balancers, so that they close connections first.
     */
    keepAliveTimeout: 65_000,
    headerBytes: 16 * 1024,
    /**
     * Maximum number of open connections of one process. One client gets at most half of them. While more than half are
     * open, connections are closed after each response.
     */
    connections: 10_000,
    /** Open files that are kept for other purposes. Of a low `ulimit -n`, connections get at least a quarter. */
    reservedFiles: 512,
    /** Interval between two log lines about connections that were not accepted. */
    dropReportInterval: 60_000,
    /** Maximum size of a text response that is sent uncompressed: it fits into one packet. */
    compressAbove: 1_400,
    /**
     * Maximum length of a text that is compressed synchronously, in characters. It takes some tenths of a millisecond.
     */
    compressHereUpTo: 64 * 1024,
    /** Total size of the cached compressed documents. */
    compressedBytes: 8 * 1024 * 1024,
    /**
     * Maximum number of pages that one process renders concurrently, in total and for one client. One render costs about
     * as much as fifty calls, which must not queue behind hundreds of renders. Further requests get a 503, or a 429 for
     * the client's own limit, with Retry-After.
     */
    pages: { total: 100, perClient: 25 },
    /** The same for files that Next serves. */
    files: { total: 500, perClient: 100 },
    /** The same for posted forms. */
    forms: { total: 50, perClient: 10 },
    overloadRetryAfterSeconds: 2,
    /** Maximum number of requests that wait on a connection for the response to an earlier one. Later ones are dropped. */
    pipelinedRequests: 16,
    /** Maximum number of dropped requests of a connection. After that it is closed at once. */
    droppedRequests: 1_000,
    /**
     * Minimum pace at which a client must read a response, in bytes per second, on average over the window. Slower
     * connections are closed.
     */
    sendBytesPerSecond: 2 * 1024,
    sendWindow: 30_000,
    /** Maximum declared size of a rejected body that is read and discarded, so that its connection can be kept. */
    drainBytes: 256 * 1024,
    /** Time limit for reading the rest of a rejected body. */
    lingerTime: 5_000,
    /** Maximum number of bytes read from a larger rejected body before its connection is closed. */
    lingerBytes: 64 * 1024 * 1024,
  },

  cluster: {
    workers: 256,
    /** Memory of a container for which one worker is started by default, see docs/configuration.md#workers. */
    workerMemory: 640 * 1024 * 1024,
    /** Timeout for a response of the primary. After that a worker uses its own state. */
    responseTimeout: 5_000,
    /**
     * Timeout for a broadcast to all workers. Shorter than `responseTimeout`, so that the requesting worker still gets
     * the responses that arrived.
     */
    broadcastTimeout: 3_000,
    /** Time limit for a new worker to become ready. After that a rolling restart is aborted. */
    startDeadline: 120_000,
    /** Interval at which a worker that is being replaced closes its idle connections. */
    idleGrace: 5_000,
    /** Time that a rolling restart waits for the exit of a worker before it replaces the next one. */
    workerExitTimeout: 15_000,
    /** Time that the primary waits for its own SIGTERM after a worker received one. */
    signalGrace: 500,
    /** Margin between a worker's own shutdown deadlines and the signal that kills it. */
    killMargin: 5_000,
    /** Backoff before the second replacement of workers that keep exiting. It doubles each time. */
    restartBackoff: 1_000,
    restartBackoffCap: 30_000,
    /** Minimum lifetime of a worker whose exit does not increase the restart backoff. */
    stableAfter: 30_000,
    /** Maximum number of exhausted buckets that a worker keeps. */
    trackedBuckets: 10_000,
  },

  /** Time that a long computation takes before it lets other requests run. */
  turnTime: 10,

  /** The watch on the event loop. */
  eventLoop: {
    /** Time without a turn of the event loop after which it counts as blocked. */
    blockedAfter: 50,
    /** Interval of the timer that notices it. */
    checkInterval: 20,
    /** Interval of the timer whose delays are the metric. */
    delayResolution: 20,
    /** Time over which the delays of the metric are collected. */
    delayWindow: 60_000,
  },

  telemetry: {
    /** Maximum length of an incoming `traceparent` or `tracestate`. */
    headerLength: 512,
    /** Maximum length of a span attribute, in characters. */
    attributeLength: 200,
    /** Maximum number of spans in one export. */
    maxExportBatchSize: 512,
    /** Time limit for exporting buffered telemetry at shutdown. Less than `cluster.killMargin`. */
    flushDeadline: 3_000,
  },

  rateLimit: {
    /** Maximum number of buckets per rate-limit class in this process. */
    keysInMemory: 50_000,
    /** Maximum window: 31 days. */
    maxWindowSeconds: 31 * 86_400,
  },

  database: {
    /** Maximum number of connections of this process to PostgreSQL. */
    connections: 10,
    /** Timeout for getting a connection, whether new or from the pool. */
    connectTimeout: 1_000,
    /** Timeout for one statement. A failure, including the rollback, is reported within 3.5 seconds. */
    queryTimeout: 1_000,
    /** Timeout for one migration statement, and for the migration lock among instances. */
    migrationTimeout: 30 * 60_000,
    /** Time that a call waits for the database to open. */
    openTimeout: 3_000,
    /** Time for which the result of a readiness check is reused, so that many checks cost no more than one. */
    checkFreshFor: 500,
    /** Interval of the checks while the database cannot be written. */
    recheckInterval: 2_000,
    /** Time after which PostgreSQL ends an idle transaction, because its client is gone. */
    abandonedAfter: 10_000,
  },

  sqlite: {
    /** Time limit of a statement while the database is being opened: for the start of its thread and for locks. */
    openTimeout: 30_000,
    /** Time that a readiness check waits for the locks of other processes. */
    checkTimeout: 500,
    /** Time limit of a statement, including its wait for other statements and for the locks of other processes. */
    statementTimeout: 2_000,
    /** Time limit of a transaction from its first statement: meanwhile nothing else can be written. */
    transactionTimeout: 1_000,
    /** Time after that until a running statement counts as hanging on the disk. Its outcome is unknown then. */
    hangTimeout: 1_000,
    /** Maximum number of waiting statements. Further ones are rejected at once. */
    queue: 1_000,
  },

  redis: {
    /** Timeout for connecting and for each command. */
    timeout: 250,
    /** Interval of the checks after a failure. Until one succeeds, Redis is not used. */
    recheckInterval: 2_000,
    /** Time for which the result of a check is reused. */
    checkFreshFor: 500,
    /** Minimum time between two warnings about commands that Redis rejects. */
    warnInterval: 60_000,
    /** Maximum size of a response that is stored for other instances. */
    cachedResponseBytes: 1024 * 1024,
    /** Lifetime of the lock of an instance that fetches a response, in case the instance never releases it. */
    lockTtl: 5_000,
    /** Interval at which an instance checks whether another one has stored the response. */
    lockPollInterval: 50,
    /** Number of checks before an instance fetches the response itself. */
    lockPolls: 20,
  },

  upstream: {
    /** Time limit from the call to the last byte read, including the queue, all attempts and the backoff. */
    deadline: 5_000,
    /** Maximum deadline that a declaration may set. */
    maxDeadline: 15_000,
    connectTimeout: 2_000,
    /** Maximum number of concurrent calls to one upstream. */
    connections: 32,
    /** Maximum number of concurrent calls of one client that may need an upstream: two full batches. */
    callsPerClient: 20,
    /** Maximum number of queued calls to one upstream. Further calls are rejected immediately. */
    queue: 64,
    /** Share of one user in the calls to an upstream that are made on behalf of users. */
    userShare: 0.25,
    /** Maximum number of queued calls of one user to one upstream. */
    userQueue: 16,
    /** Number of users whose calls to one upstream are counted separately. */
    userLanes: 10_000,
    /** Maximum memory of the cache of responses that belong to users. */
    userCacheBytes: 32 * 1024 * 1024,
    /** Maximum number of concurrent streams from and to one upstream, in addition to the calls. */
    streams: 16,
    /** Retry-After of a call that is rejected because the queue is full. */
    queueRetryAfterSeconds: 1,
    headerBytes: 16 * 1024,
    /** Maximum length of a forwarded request header. Longer ones are dropped. */
    passedHeaderLength: 1_024,
    /** Maximum decoded size of a response that is read into memory. */
    responseBytes: 4 * 1024 * 1024,
    /** Maximum memory of the response cache. */
    cacheBytes: 96 * 1024 * 1024,
    /** Estimated memory of a response with the cached values derived from it, as a multiple of its own. */
    derivedFactor: 6,
    /** Maximum wait that an upstream can ask for, in seconds. It pauses all calls and is passed on to callers. */
    retryAfterCap: 3_600,
    /** Pause after a 429 that states no time. It doubles with each further one. */
    throttlePause: 5_000,
    throttlePauseCap: 5 * 60_000,

    /** Maximum number of retries after the first attempt. */
    retries: 2,
    /** Upper bound of the random backoff before the first retry. It doubles each time. */
    retryBackoff: 100,
    retryBackoffCap: 1_000,
    /** Retry budget earned by each call, in retries: the average number of retries per call. */
    retryRatio: 0.1,
    /** Maximum retry budget, which limits bursts of retries. */
    retryReserve: 10,

    breaker: {
      /** Length of the sliding window. */
      window: 10_000,
      /** Minimum number of attempts within the window. The circuit does not open with fewer. */
      minimumAttempts: 10,
      /** Failure rate above which the circuit opens. */
      threshold: 0.5,
      /** Time that the circuit stays open. Then one call probes the upstream. */
      openFor: 5_000,
    },

    path: {
      /** Maximum length of a decoded path segment, in bytes. */
      segmentLength: 255,
      /** Maximum length of a path as received, in characters. */
      pathLength: 2_048,
      /** Maximum number of percent-encoding layers of a segment. */
      encodings: 3,
    },
  },

  /** Limits of files and other streams at `/api/raw`. */
  raw: {
    /** Maximum size of one file, in both directions, unless its declaration sets a lower one. */
    bytes: 2 * 1024 * 1024 * 1024,
    /** Maximum time without a byte from the upstream or from the client. */
    stall: 15_000,
    /** Minimum pace of an upload, in bytes per second, on average over a window in milliseconds. Slower ones end. */
    uploadPace: { window: 10_000, bytesPerSecond: 1024 },
    /** Maximum number of concurrent streams of one client, of the `upstream.streams` that all share. */
    streamsPerClient: 4,
    /** Time limit from the first byte to the last. */
    deadline: 30 * 60_000,
  },

  /** Files of users in buckets. */
  files: {
    /** Maximum size of a file, and number of files of one user, that a bucket may set. */
    maxBytes: 1024 * 1024 * 1024,
    maxFiles: 10_000,
    /** Maximum size of a multipart upload in addition to its file. */
    formOverhead: 16 * 1024,
    /** Maximum size of the headers of a part. */
    partHeaderBytes: 8 * 1024,
    /** Maximum length of a file name that a client may send, in characters. */
    sentNameLength: 1_024,
    /** Maximum number of concurrent uploads of one process, and of one user. */
    uploads: 32,
    uploadsPerClient: 4,
    /** Maximum number of concurrent downloads of one client. */
    downloadsPerClient: 8,
    /** Time limit of an upload, from its first byte to its last. */
    deadline: 30 * 60_000,
    /** Age at which an upload that was not completed is deleted. Longer than `deadline`. */
    unfinishedKeptFor: 60 * 60_000,
    /** Space that uploads leave free on the disk: the database may be on it, too. */
    freeBytes: 64 * 1024 * 1024,
    /** Maximum number of files in one list. */
    listed: 100,
    /** Maximum number of files that one run of the clean-up takes from the database at once. */
    cleanedAtOnce: 100,
    /** Validity of a presigned URL. */
    presignedFor: 10 * 60_000,
    /** Maximum number of connections to the object storage. */
    connections: 32,
    /** Time limit of a request to the object storage, and the minimum pace of those with content, in bytes per second. */
    requestDeadline: 15_000,
    storePace: 64 * 1024,
    /** Number of attempts of such a request, and the delay before the second one. It doubles each time. */
    attempts: 3,
    retryDelay: 100,
  },

  /** Subscriptions. */
  live: {
    /** Maximum number of streams of one process. */
    streams: 2_000,
    /** Maximum number of streams of one caller. */
    streamsPerClient: 4,
    /** Retry-After for a stream beyond these limits. */
    retryAfterSeconds: 5,
    /** Maximum size of one item, as JSON in characters. */
    itemBytes: 64 * 1024,
    /** Number of bytes that may wait for a slow reader, and time after which the stream is cut off if it stays slow. */
    unsentBytes: 64 * 1024,
    slowReaderDeadline: 10_000,
    /** Interval of the events that show that the stream is alive. */
    pingInterval: 15_000,
    /** Time without a byte after which a client takes a stream for dead. */
    silence: 40_000,
    /** Time after which tRPC's own clients come back: a random time, so that they do not all come back at once. */
    retryDelay: { min: 1_000, max: 5_000 },
    /** Time after which a stream ends and its client comes back: a random time. */
    lifetime: { min: 9 * 60_000, max: 10 * 60_000 },
    /** Interval at which the caller's session or token is checked. */
    rightsInterval: 30_000,
    /** Time in which the streams of a process that stops end. */
    drainTime: 5_000,
    /** Interval at which watched states are read, also without a hint that they have changed. */
    lookInterval: 2_000,
    /** Maximum number of watched states in one query. */
    keysInRead: 500,
  },

  /** Time that a page waits for data of an upstream. It is then sent without the data. */
  pageDataTimeout: 600,

  mail: {
    contentsLength: 5_000,
    nameLength: 100,
    subjectLength: 150,
    addressLength: 254,
    /** Maximum length of the part of an address before the @ (RFC 5321, 4.5.3.1.1). */
    localPartLength: 64,
    idempotencyKeyLength: 128,
    connectionTimeout: 10_000,
    socketTimeout: 30_000,
    /** Time limit for one delivery attempt. */
    attemptDeadline: 60_000,
    /** Lease of a claimed mail. Longer than an attempt can take. */
    lease: 120_000,
    backoffBase: 5_000,
    backoffFactor: 3,
    backoffCap: 15 * 60_000,
    giveUpAfter: 5 * 24 * 60 * 60_000,
    /** Minimum number of attempts, whatever the age of the mail: about half an hour, which outlasts greylisting. */
    minAttempts: 10,
    pollInterval: 5_000,
    /** Time limit for a running delivery attempt during shutdown. */
    stopGrace: 10_000,
    /** Number of claims without an outcome (the process died each time) after which a mail counts as the cause. */
    crashedClaims: 5,
    /** Retention of sent mails. Dead, held and suspected mails are kept forever. */
    sentKeptFor: 30 * 24 * 60 * 60_000,
    sweepInterval: 60 * 60_000,
    deletedAtOnce: 500,
    linksInContents: 3,
    /** Retry-After of a call that is rejected because mails cannot be stored. */
    retryAfterSeconds: 5,
    /** Minimum time to fill in the form. A faster submission is suspected. */
    minimumFillTime: 2_000,
    /** Maximum number of mails in one list for the operator. */
    listed: 200,
  },

  jobs: {
    /** Maximum length of an input as JSON, in characters. */
    inputLength: 1024 * 1024,
    keyLength: 200,
    /** Maximum number of jobs that one process runs at a time. */
    concurrency: 4,
    /** Default time limit of one attempt, and the maximum that a job may set. */
    timeout: 5 * 60_000,
    maxTimeout: 24 * 60 * 60_000,
    /** Lease of a running job. It is renewed three times as often. */
    lease: 60_000,
    /** Default policy: ten attempts take about an hour. */
    retry: { attempts: 10, base: 5_000, factor: 3, cap: 15 * 60_000 },
    /** Maximum time until the first attempt, and between two attempts. */
    maxDelay: 31 * 24 * 60 * 60_000,
    pollInterval: 5_000,
    /** Time limit for running attempts during shutdown. */
    stopGrace: 10_000,
    /** Number of claims without an outcome (the process died each time) after which a job counts as the cause. */
    crashedClaims: 5,
    /** Retention of done jobs. Dead jobs are kept forever. */
    doneKeptFor: 7 * 24 * 60 * 60_000,
    deletedAtOnce: 500,
    /** Interval at which a process looks whether scheduled jobs are due. */
    scheduleInterval: 5_000,
  },

  identity: {
    /** Maximum length of the path to return to after a sign-in, in characters. */
    returnPathLength: 512,
    /** Time in which a sign-in must be finished. */
    signInLifetime: 10 * 60_000,
    /** Time for which the link and the code of a mail for signing in can be used. */
    emailLinkLifetime: 15 * 60_000,
    /** Number of codes that a browser may try for one mail. */
    emailCodeTries: 5,
    /** Lifetime of the cookie that binds sign-ins to the browser that began them. No sign-in takes longer. */
    browserCookieLifetime: 15 * 60_000,
    /** Maximum number of unfinished sign-ins of one browser. Then the oldest is dropped. */
    signInsPerBrowser: 5,
    /** Maximum number of ways in which one user can sign in. */
    identitiesPerUser: 10,
    /** Time since the last sign-in within which a user may add or remove a way to sign in. */
    linkingMaxAge: 5 * 60_000,
    /** Maximum number of sessions of one user. Then the one that was not used for longest ends. */
    sessionsPerUser: 20,
    /** Number of sessions that one process keeps in memory. */
    sessionsInMemory: 10_000,
    /** Time for which a session is used from memory. The end of a session is known everywhere after that. */
    sessionFreshFor: 2_000,
    /** Time for which a failure to look up a session is reported without another query. */
    failedLookUpFreshFor: 1_000,
    /** Interval at which the last use of a session is stored. */
    touchInterval: 5 * 60_000,
    /** Maximum number of rows that one statement of the sweep deletes. */
    sweptAtOnce: 50,
    /** Time limit for each request to the provider. */
    providerTimeout: 5_000,
    /** Maximum size of a response of the provider. */
    providerResponseBytes: 256 * 1024,
    /** Time after which the provider's metadata are asked for again. */
    metadataFreshFor: 60 * 60_000,
    /** Time for which a failure to get the metadata is reported without another request. */
    metadataFailureFreshFor: 10_000,
    /** Time that a sign-out waits for the provider to revoke the refresh token. */
    revocationTimeout: 2_000,
    /** Maximum difference between the provider's clock and the local one. */
    clockTolerance: 30_000,
    /** Maximum size of a logout of the provider. */
    logoutBytes: 16 * 1024,
    /** Maximum age of a logout token. */
    logoutTokenAge: 5 * 60_000,
    /** Maximum difference between the provider's clock and the local one in logout tokens and callers' access tokens. */
    tokenClockTolerance: 10_000,
    /** Time for which a logout is kept: a sign-in that it ends may still be on its way. */
    logoutKeptFor: 10 * 60_000,
    /** Time limit for the keys of the provider, and minimum time between two requests for them. */
    keysTimeout: 5_000,
    keysCooldown: 30_000,
    /** Number of access tokens that one process keeps in memory: of those it sends, and of those it has verified. */
    tokensInMemory: 10_000,
    /** An access token is refreshed this long before its end, or a tenth of its lifetime if that is shorter. */
    refreshedBefore: 30_000,
    /** Lifetime of an access token whose provider does not say it. */
    unknownTokenLifetime: 60_000,
    /** Time after which another process may refresh a session whose refresh was begun by a process that is gone. */
    refreshLease: 3_000,
    /** Interval at which a process that refreshes a session says so. */
    leaseRenewal: 1_000,
    /** Interval at which a process looks whether another one has refreshed a session: a random time. */
    leasePoll: { min: 25, max: 100 },
    /** Time that a call waits for a refresh. */
    refreshDeadline: 12_000,
    /** Time for which new tokens are tried to be stored. */
    refreshWriteDeadline: 10_000,
    /** Interval at which the open sessions are counted for the metrics. */
    countInterval: 60_000,
    /** Interval at which ended sessions, unfinished sign-ins and old history are deleted. */
    sweepInterval: 10 * 60_000,
    /** Time for which the history of an account is kept. */
    historyKeptFor: 90 * 24 * 60 * 60_000,
    /** Maximum number of entries of the history in one list. */
    historyListed: 50,
    /** Maximum number of saved places of a user. */
    savedPlaces: 8,
    /** Minimum length of a session secret, in characters. */
    secretLength: 32,
    /** Maximum length of a name or an address from the provider, in characters. Longer ones are left out. */
    profileTextLength: 254,
    /** Maximum number of roles or scopes of a session. */
    grants: 100,
  },

  /** Limits of signed calls from other systems. */
  webhook: {
    /** Maximum size of a body, by default and as the most that a declaration may set. */
    bodyBytes: 256 * 1024,
    maxBodyBytes: 1024 * 1024,
    /** Maximum size of the body of `/api/revalidate`. */
    revalidationBytes: 16 * 1024,
    /** Maximum length of the type of an event. Longer ones are cut off. */
    typeLength: 200,
    /** Maximum length of what is stored with a payload, as JSON in characters. */
    storedWith: 4 * 1024,
    /** Maximum number of deliveries that one process receives at a time, in total and from one client. */
    concurrent: { total: 100, perClient: 25 },
    /** Maximum difference between a timestamp and the local clock, in either direction. */
    tolerance: 5 * 60_000,
    /** Maximum number of signatures kept in this process. */
    signatures: 10_000,
    /** Retention of signatures. Twice the tolerance: a timestamp may be ahead by the whole tolerance. */
    rememberedFor: 10 * 60_000,
  },

  /** Maximum number of cached link preview images. */
  openGraphImages: 100,

  feed: {
    items: 50,
    freshFor: 60_000,
    /** Time that shared caches may serve a stale feed while they fetch a new one. */
    staleWhileRevalidateFor: 10 * 60_000,
    staleIfErrorFor: 24 * 60 * 60_000,
    /** Maximum length of an item's HTML, in characters. Longer HTML is dropped, and the item keeps its summary. */
    htmlLength: 256 * 1024,
    /** Maximum number of tags and character references in it. */
    htmlMarkup: 10_000,
    /** Maximum nesting depth of its elements. */
    htmlDepth: 64,
    /** Maximum length of the HTML of all items, in characters. Beyond it, older items keep only their summary. */
    totalHtmlLength: 1024 * 1024,
    /** Maximum number of tags, of authors and of attachments of an item. Further ones are dropped. */
    listLength: 100,
  },
} as const;
