import exec from "k6/execution";

export default function () {
  if (__ITER === 1) {
    try {
      exec.test.abort("seen enough");
    } catch (_) {
      console.log("must not be caught");
    }
  }
}

export function teardown() {
  console.log("teardown ran");
}
