export const options = { iterations: 2 };

function dive(depth) {
  return dive(depth + 1) + 1;
}

function outcome(action) {
  try {
    action();
    return "no error";
  } catch (error) {
    return error instanceof SyntaxError ? "caught" : String(error);
  }
}

export default function () {
  if (__ITER === 0) {
    dive(0);
  }
  console.log("JSON:", outcome(() => JSON.parse("[".repeat(1000000))));
}
