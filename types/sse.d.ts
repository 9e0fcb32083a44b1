/** Server-sent events as xk6-sse has them, and what ssek adds: docs/streams.md. */
declare module "k6/x/sse" {
  import { CookieJar } from "k6/http";

  /** Milliseconds, or a text such as `'1.5s'`. */
  type Duration = number | string;

  export interface SseEvent {
    /** The event's own ID; empty where it has none. */
    id: string;
    comment: string;
    name: string;
    data: string;
    /** ssek: when its bytes were read, in milliseconds on the scale of `Date.now()`. */
    readonly timestamp: number;
  }

  export interface SseTimeouts {
    connect?: Duration;
    firstEvent?: Duration;
    idle?: Duration;
    total?: Duration;
  }

  export interface SseParams {
    method?: string;
    body?: string;
    headers?: Record<string, unknown>;
    tags?: Record<string, string | number | boolean>;
    jar?: CookieJar | null;
    /** With a unit: `'10s'`. */
    timeout?: string;
    /** ssek */
    timeouts?: SseTimeouts;
    /** ssek: a longer gap between two events is a stall. */
    stallThreshold?: Duration;
    /** ssek: the data of the last event, or a function that says whether an event is the last. */
    until?: string | ((event: SseEvent) => unknown);
    /** ssek */
    reconnect?: boolean | { max?: number; delay?: Duration };
  }

  export type SseOutcome =
    | "ok"
    | "connect_error"
    | "tls_error"
    | "http_error"
    | "timeout_connect"
    | "timeout_first_event"
    | "timeout_idle"
    | "timeout_total"
    | "stream_error"
    | "truncated"
    | "protocol_error"
    | "aborted"
    | "interrupted";

  export interface SseResponse {
    url: string;
    status: number;
    headers: Record<string, string>;
    body: string;
    error: string;
    /** ssek: how the stream ended. */
    readonly outcome: SseOutcome;
  }

  export interface SseClient {
    on(event: "open", handler: () => void): void;
    on(event: "event", handler: (event: SseEvent) => void): void;
    on(event: "error", handler: (error: { error(): string }) => void): void;
    /** ssek */
    on(event: "comment", handler: (comment: string) => void): void;
    close(): void;
  }

  export function open(url: string, setup: (client: SseClient) => void): SseResponse;
  export function open(url: string, params: SseParams | null | undefined, setup: (client: SseClient) => void): SseResponse;

  const sse: { open: typeof open };
  export default sse;
}

/** Streams beside each other in one virtual user: docs/streams.md. */
declare module "ssek/sse" {
  import { SseEvent, SseOutcome, SseParams } from "k6/x/sse";

  export interface StreamParams extends Omit<SseParams, "reconnect" | "body"> {
    /** Objects and arrays go as JSON. */
    body?: string | object;
    format?: "sse" | "ndjson" | "auto";
    buffer?: { size?: number; overflow?: "wait" | "drop-oldest" | "drop-newest" | "error" };
  }

  export type Match =
    | string
    | RegExp
    | { name?: string | RegExp; data?: string | RegExp }
    | ((event: SseEvent) => unknown);

  export interface Within {
    within?: number | string;
  }

  export interface Stream extends AsyncIterable<SseEvent> {
    next(options?: Within): Promise<{ value: SseEvent; done: false } | { value: undefined; done: true }>;
    expect(match: Match, options?: Within): Promise<SseEvent>;
    /** The events that have come since the last call; does not wait. */
    received(): SseEvent[];
    drain(options?: Within): Promise<{ events: number; bytes: number; outcome: SseOutcome }>;
    close(): void;
    readonly status: number;
    readonly headers: Record<string, string>;
    readonly url: string;
    /** `null` until the stream has ended. */
    readonly outcome: SseOutcome | null;
    readonly error: string;
    readonly lastEventId: string;
    readonly dropped: number;
  }

  export function connect(url: string, params?: StreamParams | null): Promise<Stream>;

  const sse: { connect: typeof connect };
  export default sse;
}
