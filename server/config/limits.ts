/** Every limit of the product, in one place. Times in milliseconds, sizes in bytes, unless the name says otherwise. */
export const limits = {
  /** Calls in one tRPC batch; the client's links hold the same number (checked by the compiler). */
  batchSize: 10,
  /** JSON body of a tRPC call: parsing hostile superjson costs time that grows with its length. */
  jsonBodyBytes: 64 * 1024,
  /** Nesting of an input and of its metadata. */
  inputDepth: 100,
  /** Multipart body of a form. */
  formBodyBytes: 64 * 1024,
  /** Accepted length of an incoming x-request-id. */
  requestIdLength: 128,

  /** Length of a URL's query, of which the inputs of public queries are the largest part. */
  queryBytes: 8 * 1024,
  /** From the first byte of a body to its last. */
  bodyDeadline: 10_000,
  /** How long running requests may take to end once the process is told to stop. */
  shutdownDeadline: 15_000,
  /** What `SHUTDOWN_DELAY` may be. */
  longestShutdownDelaySeconds: 300,

  /** Milliseconds that a line of the log waits for others. */
  logDelay: 10,
  /** Of lines that wait; more are written at once. */
  logBufferBytes: 8 * 1024,
  /** What a pipe takes in one piece (PIPE_BUF): lines of several workers would run into each other in larger ones. */
  logPieceBytes: 4 * 1024,

  /** Addresses of clients whose normal form is kept. */
  rememberedAddresses: 10_000,

  /** Characters of documents whose ETag is kept. */
  rememberedDocumentCharacters: 8 * 1024 * 1024,

  nodeServer: {
    /** For all headers of a request to arrive. */
    headersTimeout: 10_000,
    /** For a whole request to arrive; longer than any upload the product takes. */
    requestTimeout: 30 * 60_000,
    /** Longer than what balancers commonly keep a connection open for, so that they end it and not we. */
    keepAliveTimeout: 65_000,
    headerBytes: 16 * 1024,
    /** Bytes of a text answer up to which it is sent as it is: it fits into one packet. */
    compressAbove: 1_400,
    /** Characters of a text that is compressed at once, which takes some tenths of a millisecond. */
    compressHereUpTo: 64 * 1024,
    /** Compressed documents that are kept. */
    compressedBytes: 8 * 1024 * 1024,
    /** Pages that one process works on at a time; whoever asks for one more is told to come back. */
    concurrentPages: 100,
    pageRetryAfterSeconds: 2,
    /** Announced bytes of a refused body that are read and thrown away, so that its connection can be kept. */
    drainBytes: 256 * 1024,
    /** How long the rest of a refused body is waited for. */
    lingerTime: 5_000,
    /** How much is still read of a larger one, before its connection is closed. */
    lingerBytes: 64 * 1024 * 1024,
  },

  cluster: {
    workers: 256,
    /** For an answer of the primary. After that a worker goes by what it knows itself. */
    answerTimeout: 5_000,
    /** For what the primary asks all workers; shorter, so that the worker behind the question still gets the rest. */
    broadcastTimeout: 3_000,
    /** From the start of a worker until it serves pages, before a rolling restart gives it up. */
    startDeadline: 120_000,
    /** How long a worker that is replaced leaves a connection open on which nothing comes. */
    idleGrace: 5_000,
    /** How long a rolling restart waits for the end of a worker before it goes on with the next. */
    workerExitTimeout: 15_000,
    /** From what was told to end by itself to what ends it, beyond its own deadlines. */
    killMargin: 5_000,
    /** Before the second replacement of workers that keep ending; it doubles. */
    restartBackoff: 1_000,
    restartBackoffCap: 30_000,
    /** A worker that lived for so long does not count as one that keeps ending. */
    stableAfter: 30_000,
    /** A worker that charges a bucket again within this time is let have calls ahead, twice as many each time. */
    leaseWindow: 250,
    maxLease: 256,
    /** No more than this part of what a bucket has left: most callers' limits are too small for any. */
    leaseFraction: 64,
    /** Buckets of which a worker knows where they stand. */
    trackedBuckets: 10_000,
  },

  telemetry: {
    /** Of an incoming `traceparent` or `tracestate`. */
    headerLength: 512,
    /** Characters of a text in a span. */
    attributeLength: 200,
    /** Spans in one export. */
    spansAtOnce: 512,
    /** How long the end of a process waits for what was not sent yet; within `cluster.killMargin`. */
    flushDeadline: 3_000,
  },

  rateLimit: {
    /** Buckets of one class that this process remembers. */
    keysInMemory: 50_000,
    /** Timers take no more than 2^31 - 1 milliseconds; a longer one would end at once. */
    longestWindowSeconds: 2_147_483,
  },

  database: {
    /** Connections of this process to PostgreSQL. */
    connections: 10,
    /** For a connection, be it a new one or one that others use. */
    connectTimeout: 1_000,
    /** For one statement. With the roll-back after it a failure is told within 3.5 seconds. */
    queryTimeout: 1_000,
    /** For one statement that brings the tables of an earlier release up to date, and for its turn among instances. */
    migrationTimeout: 30 * 60_000,
    /** How long a mail, or a question about one, waits for the storage to be opened. */
    openTimeout: 3_000,
    /** A transaction in which nothing happens for so long is ended by the server: whoever began it is gone. */
    abandonedAfter: 10_000,
  },

  redis: {
    /** For connecting and for each command. */
    timeout: 250,
    /** How long it is left alone after it failed. */
    pause: 2_000,
    /** The largest answer that is stored there for other instances. */
    cachedResponseBytes: 1024 * 1024,
    /** How long an instance that loads an answer keeps the others from it, should it not come to say so. */
    lockTtl: 5_000,
    /** Between two looks for what another instance loads. */
    lockPollInterval: 50,
    /** Looks, before an instance asks by itself. */
    lockPolls: 20,
  },

  upstream: {
    /** From the call to the last byte read: waiting for a connection, tries and the pauses between them included. */
    deadline: 5_000,
    /** What a declaration may ask for at most. */
    longestDeadline: 15_000,
    connectTimeout: 2_000,
    /** Calls to one upstream at one time. */
    connections: 32,
    /** Calls to one upstream that may wait for a connection; further ones are refused at once. */
    queue: 64,
    /** Streams from and to one upstream at one time, beside the calls. */
    streams: 16,
    /** How soon a place is likely to be free. */
    queueRetryAfterSeconds: 1,
    headerBytes: 16 * 1024,
    /** Of a header of the caller's that passes; a longer one does not. */
    passedHeaderLength: 1_024,
    /** Decoded size of an answer that is read into memory. */
    answerBytes: 4 * 1024 * 1024,
    /** Of memory. */
    cacheBytes: 96 * 1024 * 1024,
    /** How many times as much as an answer takes what is made of it and kept with it: converted, checked, written. */
    madeOfAnswer: 6,
    /** Seconds; the longest that an upstream may tell our callers to wait. */
    retryAfterCap: 3_600,
    /** The longest that an upstream is left alone because it said so; then one asks again. */
    pauseCap: 60_000,

    /** Tries after the first. */
    retries: 2,
    /** Bound of the random time before the first retry; it doubles. */
    retryBackoff: 100,
    retryBackoffCap: 1_000,
    /** Retries for each call, on average. */
    retryShare: 0.1,
    /** Retries that may come at once. */
    retryReserve: 10,

    breaker: {
      /** The window that is looked at. */
      window: 10_000,
      /** Fewer tries than that within the window tell nothing. */
      minimumAttempts: 10,
      /** More than this share of them failed: the circuit opens. */
      threshold: 0.5,
      /** How long nothing is sent; then one call finds out. */
      openFor: 5_000,
    },

    path: {
      /** Bytes of one segment of a path, decoded. */
      segmentLength: 255,
      /** Characters of a path as it came. */
      pathLength: 2_048,
      /** Times that a segment may be percent-encoded over. */
      encodings: 3,
    },
  },

  /** Files and other streams at `/api/raw`. */
  raw: {
    /** Of one file, in both directions, unless its declaration says less. */
    bytes: 2 * 1024 * 1024 * 1024,
    /** The longest time without a byte, from the upstream or from the client. */
    stall: 15_000,
    /** From the first byte to the last. */
    deadline: 30 * 60_000,
  },

  weather: {
    /** How long a forecast counts as fresh. Open-Meteo's models are computed hourly. */
    freshFor: 10 * 60_000,
    /** How long it is still given while a newer one is fetched. */
    staleWhileRevalidateFor: 20 * 60_000,
    /** How long an old forecast may stand in when Open-Meteo fails. */
    staleIfErrorFor: 24 * 60 * 60_000,
    placesFreshFor: 24 * 60 * 60_000,
    placesStaleIfErrorFor: 7 * 24 * 60 * 60_000,
    /** How long a forecast that is there waits for the air quality, which goes on being fetched. */
    airQualityTimeout: 1_000,
  },

  mail: {
    contentsLength: 5_000,
    nameLength: 100,
    subjectLength: 150,
    addressLength: 254,
    /** Of an address before the @ (RFC 5321, 4.5.3.1.1). */
    localPartLength: 64,
    idempotencyKeyLength: 128,
    connectionTimeout: 10_000,
    socketTimeout: 30_000,
    /** One delivery attempt, whatever the server does. */
    attemptDeadline: 60_000,
    /** How long a claimed mail belongs to its dispatcher; longer than an attempt can last. */
    lease: 120_000,
    backoffBase: 5_000,
    backoffFactor: 3,
    backoffCap: 15 * 60_000,
    giveUpAfter: 5 * 24 * 60 * 60_000,
    /** However old a mail is, it is tried so often: about half an hour, which outlasts greylisting. */
    attemptsAtLeast: 10,
    pollInterval: 5_000,
    /** How long a running attempt may take to end when the process stops. */
    stopGrace: 10_000,
    /** Claims that end without an outcome, each with its process, before a mail counts as the cause. */
    crashedClaims: 5,
    /** After that what was sent is deleted. What is dead or held stays. */
    sentKeptFor: 30 * 24 * 60 * 60_000,
    sweepInterval: 60 * 60_000,
    deletedAtOnce: 500,
    linksInContents: 3,
    /** A form that is sent sooner was filled in by no person. */
    minimumFillTime: 2_000,
    /** Mails in one list for the operator. */
    listed: 200,
    /** Receipts of mails that do not exist whose state can be asked for. */
    fakeReceipts: 1_000,
  },

  /** Signed calls of other systems. */
  webhook: {
    bodyBytes: 16 * 1024,
    /** How far a timestamp may be from this clock, in either direction. */
    tolerance: 5 * 60_000,
    /** Signatures that this process remembers. */
    signatures: 10_000,
    /** A timestamp that is ahead by the whole tolerance counts for that long and once more. */
    rememberedFor: 10 * 60_000,
  },

  /** Pictures for links that are kept once they are drawn. */
  openGraphImages: 100,

  feed: {
    items: 50,
    freshFor: 60_000,
    /** How long caches in front may still give an old feed while they fetch a newer one. */
    staleWhileRevalidateFor: 10 * 60_000,
    staleIfErrorFor: 24 * 60 * 60_000,
    /** Of one item's HTML, in characters; a longer one is left out, and the item keeps its summary. */
    htmlLength: 256 * 1024,
    /** Tags and character references in it. */
    htmlMarkup: 10_000,
    /** Elements within each other. */
    htmlDepth: 64,
  },
} as const;
