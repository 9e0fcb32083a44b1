// Types of what ssek has beyond k6: `k6/x/sse`, `ssek/…`, options, and globals of the web.
//
//   npm install --save-dev @types/k6 PATH/TO/ssek/types
//
// Globals that the library "dom" or @types/node declare stay theirs.

/// <reference types="k6" />
/// <reference path="./globals.d.ts" />
/// <reference path="./options.d.ts" />
/// <reference path="./sse.d.ts" />
/// <reference path="./llm.d.ts" />

/** Modules from the web, whose types nobody told. */
declare module "https://*";
