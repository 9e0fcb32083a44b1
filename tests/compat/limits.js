function dive(depth) {
  return dive(depth + 1) + 1;
}

function outcome(action) {
  try {
    action();
    return "no error";
  } catch (error) {
    return error instanceof RangeError || error instanceof SyntaxError ? "caught" : String(error);
  }
}

export default function () {
  console.log("recursion:", outcome(() => dive(0)));
  console.log("JSON:", outcome(() => JSON.parse("[".repeat(1000000))));
}
