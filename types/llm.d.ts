/** Calls of language models, each a complete and correctly measured request: docs/llm.md. */
declare module "ssek/llm" {
  import { SseOutcome, SseTimeouts } from "k6/x/sse";

  type Duration = number | string;
  type Tags = Record<string, string | number | boolean>;

  export type ProtocolName =
    | "openai-chat"
    | "openai-completions"
    | "openai-responses"
    | "anthropic"
    | "gemini"
    | "llamacpp"
    | "ollama"
    | "tgi"
    | "dify"
    | "append"
    | "assistant"
    | "auto";

  export interface ClientOptions {
    baseURL: string;
    path?: string;
    /** A name, or JSON paths of a protocol of your own. */
    protocol?: ProtocolName | (string & {}) | Record<string, unknown>;
    apiKey?: string;
    apiKeys?: string[];
    keyPolicy?: "round-robin" | "sticky";
    model?: string;
    headers?: Record<string, string>;
    timeouts?: SseTimeouts;
    retry?:
      | boolean
      | number
      | { max?: number; statuses?: number[]; delay?: Duration; maxDelay?: Duration; budget?: number };
    /** `'ttft<500ms,tpot<50ms'`, or `{ ttft: '500ms' }`. */
    slo?: string | Record<string, Duration>;
    /** A model, an encoding, or the path of a `tokenizer.json`. */
    tokenizer?: string;
    tags?: Tags;
    /** The tag `name` of the metrics. */
    name?: string;
    /** Whether a call that fails throws. */
    throw?: boolean;
  }

  export interface Message {
    role: string;
    content?: unknown;
    [field: string]: unknown;
  }

  /** Further fields go into the request's body as they are. */
  export interface ChatRequest {
    messages?: (Message | string)[];
    prompt?: string;
    system?: string;
    model?: string;
    user?: string | number;
    conversationId?: string;
    maxTokens?: number;
    temperature?: number;
    tools?: unknown[];
    headers?: Record<string, string>;
    tags?: Tags;
    throw?: boolean;
    /** The whole body as a text, or further fields of it. */
    body?: string | Record<string, unknown>;
    [field: string]: unknown;
  }

  /** Each gets when the piece was read, on the scale of `Date.now()`; one that returns `false` ends the call. */
  export interface Handlers {
    onToken?(text: string, timestamp: number): unknown;
    onReasoning?(text: string, timestamp: number): unknown;
    onToolCall?(
      piece: { index: number; id?: string; name?: string; arguments: string },
      timestamp: number,
    ): unknown;
  }

  export interface ChatResult {
    ok: boolean;
    outcome: SseOutcome;
    error: string;
    status: number;
    text: string;
    reasoning: string;
    toolCalls: { id: string; name: string; arguments: string }[];
    finishReason: string | null;
    conversationId: string | null;
    messageId: string | null;
    /** As the server said it. */
    usage: {
      promptTokens: number | null;
      completionTokens: number | null;
      cachedTokens: number | null;
      reasoningTokens: number | null;
    } | null;
    tokens: {
      prompt: number;
      completion: number;
      source: string;
      promptSource: string;
      mismatch: number | null;
    };
    protocol: string;
    terminated: boolean;
    events: number;
    /** In milliseconds since the start. */
    marks: {
      headers: number | null;
      firstByte: number | null;
      firstEvent: number | null;
      firstToken: number | null;
      firstVisible: number | null;
      lastToken: number | null;
      end: number | null;
    };
    /** Milliseconds between the pieces of the answer. */
    gaps: number[];
    timings: {
      ttft: number | null;
      tpot: number | null;
      duration: number | null;
      tail: number | null;
      tokensPerSecond: number | null;
      blocked?: number;
      connecting?: number;
      tlsHandshaking?: number;
      sending?: number;
      waiting?: number;
      receiving?: number;
    };
    headers: Record<string, string>;
    attempts: { status: number; outcome: SseOutcome; error: string; waited: number | null }[];
    /** Whether the objectives were met; `null` without any. */
    good: boolean | null;
  }

  export class Client {
    constructor(options: ClientOptions);
    chat(request: string | ChatRequest, handlers?: Handlers): ChatResult;
    chatAsync(request: string | ChatRequest, handlers?: Handlers): Promise<ChatResult>;
  }

  const llm: { Client: typeof Client };
  export default llm;
}
