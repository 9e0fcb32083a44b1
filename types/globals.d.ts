/** Globals of the web: docs/beyond-k6.md. Where others declare one, theirs stands. */
declare namespace ssek {
  type HeadersInit = Headers | Record<string, unknown> | Iterable<readonly [string, unknown]>;
  type BodyInit = string | ArrayBuffer | ArrayBufferView | ssek.URLSearchParams | ssek.FormData | { arrayBuffer(): unknown; size: number };

  interface RequestInit {
    method?: string;
    headers?: HeadersInit;
    body?: BodyInit | null;
    redirect?: "follow" | "error" | "manual";
    signal?: AbortSignal | null;
    /** Of k6's requests. */
    tags?: Record<string, string | number | boolean>;
    timeout?: number | string;
    compression?: string;
    auth?: "digest";
    jar?: import("k6/http").CookieJar;
    cookies?: Record<string, string | { value: string; replace?: boolean }>;
    responseCallback?: unknown;
  }

  interface Body {
    readonly bodyUsed: boolean;
    text(): Promise<string>;
    json(): Promise<any>;
    arrayBuffer(): Promise<ArrayBuffer>;
    bytes(): Promise<Uint8Array>;
  }

  interface Headers extends Iterable<[string, string]> {
    append(name: string, value: unknown): void;
    delete(name: string): void;
    get(name: string): string | null;
    getSetCookie(): string[];
    has(name: string): boolean;
    set(name: string, value: unknown): void;
    forEach(callback: (value: string, name: string, all: Headers) => void, self?: unknown): void;
    entries(): IterableIterator<[string, string]>;
    keys(): IterableIterator<string>;
    values(): IterableIterator<string>;
  }

  interface Request extends Body {
    readonly method: string;
    readonly url: string;
    readonly headers: Headers;
    readonly redirect: "follow" | "error" | "manual";
    readonly signal: AbortSignal;
    clone(): Request;
  }

  interface Response extends Body {
    readonly type: string;
    readonly url: string;
    readonly redirected: boolean;
    readonly status: number;
    readonly ok: boolean;
    readonly statusText: string;
    readonly headers: Headers;
    clone(): Response;
  }

  interface ResponseInit {
    status?: number;
    statusText?: string;
    headers?: HeadersInit;
  }

  interface FormData extends Iterable<[string, any]> {
    append(name: string, value: unknown, filename?: string): void;
    delete(name: string): void;
    get(name: string): any;
    getAll(name: string): any[];
    has(name: string): boolean;
    set(name: string, value: unknown, filename?: string): void;
    forEach(callback: (value: any, name: string, all: FormData) => void, self?: unknown): void;
    entries(): IterableIterator<[string, any]>;
    keys(): IterableIterator<string>;
    values(): IterableIterator<any>;
  }

  interface URLSearchParams extends Iterable<[string, string]> {
    readonly size: number;
    append(name: string, value: unknown): void;
    delete(name: string, value?: unknown): void;
    get(name: string): string | null;
    getAll(name: string): string[];
    has(name: string, value?: unknown): boolean;
    set(name: string, value: unknown): void;
    sort(): void;
    forEach(callback: (value: string, name: string, all: URLSearchParams) => void, self?: unknown): void;
    entries(): IterableIterator<[string, string]>;
    keys(): IterableIterator<string>;
    values(): IterableIterator<string>;
    toString(): string;
  }

  interface URL {
    href: string;
    readonly origin: string;
    protocol: string;
    username: string;
    password: string;
    host: string;
    hostname: string;
    port: string;
    pathname: string;
    search: string;
    readonly searchParams: URLSearchParams;
    hash: string;
    toString(): string;
    toJSON(): string;
  }

  interface AbortEvent {
    readonly type: string;
    readonly target: AbortSignal;
  }
  type AbortListener = ((event: AbortEvent) => unknown) | { handleEvent(event: AbortEvent): unknown };

  interface AbortSignal {
    readonly aborted: boolean;
    readonly reason: any;
    onabort: ((event: AbortEvent) => unknown) | null;
    throwIfAborted(): void;
    addEventListener(type: "abort", listener: AbortListener, options?: boolean | { once?: boolean }): void;
    removeEventListener(type: "abort", listener: AbortListener): void;
  }

  interface AbortController {
    readonly signal: AbortSignal;
    abort(reason?: unknown): void;
  }

  interface DOMException extends Error {
    readonly code: number;
  }

  interface Performance {
    /** Milliseconds since `timeOrigin`, on the clock of `event.timestamp`. */
    now(): number;
    readonly timeOrigin: number;
  }
}

declare var Headers: typeof globalThis extends { onmessage: any; Headers: infer T } ? T : { new (init?: ssek.HeadersInit): ssek.Headers };
declare var Request: typeof globalThis extends { onmessage: any; Request: infer T } ? T : { new (input: string | { toString(): string } | ssek.Request, init?: ssek.RequestInit): ssek.Request };
declare var Response: typeof globalThis extends { onmessage: any; Response: infer T } ? T : {
  new (body?: ssek.BodyInit | null, init?: ssek.ResponseInit): ssek.Response;
  json(data: unknown, init?: ssek.ResponseInit): ssek.Response;
};
declare var FormData: typeof globalThis extends { onmessage: any; FormData: infer T } ? T : { new (): ssek.FormData };
declare var URL: typeof globalThis extends { onmessage: any; URL: infer T } ? T : {
  new (url: string | { toString(): string }, base?: string | { toString(): string }): ssek.URL;
  canParse(url: string, base?: string): boolean;
  parse(url: string, base?: string): ssek.URL | null;
};
declare var URLSearchParams: typeof globalThis extends { onmessage: any; URLSearchParams: infer T } ? T : {
  new (init?: string | Record<string, unknown> | Iterable<readonly [string, unknown]>): ssek.URLSearchParams;
};
declare var AbortController: typeof globalThis extends { onmessage: any; AbortController: infer T } ? T : { new (): ssek.AbortController };
declare var AbortSignal: typeof globalThis extends { onmessage: any; AbortSignal: infer T } ? T : {
  abort(reason?: unknown): ssek.AbortSignal;
  timeout(milliseconds: number): ssek.AbortSignal;
  any(signals: Iterable<ssek.AbortSignal>): ssek.AbortSignal;
};
declare var DOMException: typeof globalThis extends { onmessage: any; DOMException: infer T } ? T : { new (message?: string, name?: string): ssek.DOMException };
declare var performance: typeof globalThis extends { onmessage: any; performance: infer T } ? T : ssek.Performance;

declare function fetch(input: string | { toString(): string } | ssek.Request, init?: ssek.RequestInit): Promise<ssek.Response>;
declare function structuredClone<T>(value: T, options?: { transfer?: ArrayBuffer[] }): T;
declare function atob(data: string): string;
declare function btoa(data: string): string;
