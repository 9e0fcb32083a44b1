/** k6's options with ssek's, for `export const options: Options = …`; there is no such module to run: import the type only. */
declare module "ssek/options" {
  import * as k6 from "k6/options";

  /** Milliseconds, or a text such as `'1m30s'`. */
  export type Duration = number | string;

  export interface StopAfter {
    iterations?: number;
    errors?: number;
    errorRate?: { rate: number; last: number };
  }

  /** What every scenario may have. */
  export interface Common {
    startTime?: Duration;
    gracefulStop?: Duration;
    exec?: string;
    env?: Record<string, string>;
    tags?: Record<string, string>;
    stopAfter?: StopAfter;
  }

  /** What every closed one may have. */
  export interface Closed {
    /** The time from the start of an iteration to that of the next. */
    pace?: Duration;
    /** VUs start one after the other over this time. */
    rampUp?: Duration;
  }

  /** What every shape of users who come may have. */
  export interface Open extends Common {
    preAllocatedVUs?: number;
    maxVUs?: number;
  }

  export type Arrivals = "even" | "poisson" | { gamma: number } | { trace: string };

  interface Ramp {
    from: number;
    to: number;
    duration: Duration;
  }
  interface Levels {
    increment: number;
    times: number;
    eachLevelLasting: Duration;
    separatedByRampsLasting?: Duration;
    startingFrom?: number;
  }
  type OpenShapes = {
    "at-once-users": { users: number };
    "ramp-users": { users: number; duration: Duration };
    "constant-users-per-sec": { rate: number; duration: Duration };
    "ramp-users-per-sec": Ramp;
    "stress-peak-users": { users: number; duration: Duration };
    "increment-users-per-sec": Levels;
  };
  type ClosedShapes = {
    "constant-concurrent-users": { users: number; duration: Duration };
    "ramp-concurrent-users": Ramp;
    "increment-concurrent-users": Levels;
  };
  type Nothing = { shape: "nothing-for"; duration: Duration };
  type Executors<Shapes> = { [Name in keyof Shapes]: { executor: Name } & Shapes[Name] }[keyof Shapes];
  type Steps<Shapes> = ({ [Name in keyof Shapes]: { shape: Name } & Shapes[Name] }[keyof Shapes] | Nothing)[];

  export type Scenario =
    | (k6.Scenario & { stopAfter?: StopAfter })
    | ((k6.SharedIterationsScenario | k6.PerVUIterationsScenario | k6.ConstantVUsScenario | k6.RampingVUsScenario) & Common & Closed)
    | (Omit<k6.ConstantArrivalRateScenario, "rate"> & { rate?: number; arrivals?: Arrivals } & Common)
    | (k6.RampingArrivalRateScenario & { arrivals?: Arrivals } & Common)
    | (Executors<OpenShapes> & Open)
    | ({ executor: "inject-open"; steps: Steps<OpenShapes> } & Open)
    | (Executors<ClosedShapes> & Common & Closed & { gracefulRampDown?: Duration })
    | ({ executor: "inject-closed"; steps: Steps<ClosedShapes> } & Common & Closed & { gracefulRampDown?: Duration });

  export interface Options extends Omit<k6.Options, "scenarios" | "handleSummaryTimeout"> {
    scenarios?: Record<string, Scenario>;
    /** Of random arrivals. */
    seed?: number;
    stopAfter?: StopAfter;
    /** What is not in the figures, at the start … */
    warmup?: Duration;
    /** … and at the end. */
    cooldown?: Duration;
    /** A URL that must answer before the test starts. */
    waitFor?: string | { url: string; timeout?: Duration };
    /** The objectives of calls of `ssek/llm` whose client has none. */
    slo?: string | Record<string, Duration>;
    baseURL?: string;
    features?: string[];
    handleSummaryTimeout?: Duration;
  }
}
