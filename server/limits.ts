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

  front: {
    /** For all headers of a request to arrive. */
    headersTimeout: 10_000,
    /** For a whole request to arrive; longer than any upload the product takes. */
    requestTimeout: 300_000,
    /** Longer than what balancers commonly keep a connection open for, so that they end it and not we. */
    keepAliveTimeout: 65_000,
    headerBytes: 16 * 1024,
  },

  rateLimit: {
    /** Buckets of one class that this process remembers. */
    keysInMemory: 50_000,
    /** Timers take no more than 2^31 - 1 milliseconds; a longer one would end at once. */
    longestWindowSeconds: 2_147_483,
    /** For connecting to Redis and for each command. */
    redisTimeout: 250,
    /** How long Redis is left alone after it failed. */
    redisPause: 2_000,
  },

  upstream: {
    /** From the call to the last byte read, the wait for a connection included. */
    deadline: 5_000,
    connectTimeout: 2_000,
    connections: 32,
    /** Requests to one upstream that may wait for a connection; further ones are refused at once. */
    queue: 64,
    /** Decoded size of an answer that is read into memory. */
    answerBytes: 4 * 1024 * 1024,
    cacheBytes: 32 * 1024 * 1024,
    /** Seconds; the longest that an upstream may tell our callers to wait. */
    retryAfterCap: 3_600,
  },

  weather: {
    /** How long a forecast counts as fresh. Open-Meteo's models are computed hourly. */
    freshFor: 10 * 60_000,
    /** How long an old forecast may stand in when Open-Meteo fails. */
    staleIfErrorFor: 24 * 60 * 60_000,
    placesFreshFor: 24 * 60 * 60_000,
    /** Of each of the three kinds of answer. */
    cacheBytes: 8 * 1024 * 1024,
  },

  mail: {
    contentsLength: 5_000,
    nameLength: 100,
    subjectLength: 150,
    addressLength: 254,
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
    pollInterval: 5_000,
    /** How long a running attempt may take to end when the process stops. */
    stopGrace: 10_000,
  },

  feed: {
    items: 50,
    freshFor: 60_000,
    staleIfErrorFor: 24 * 60 * 60_000,
  },
} as const;
