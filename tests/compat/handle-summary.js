export const options = { iterations: 3 };

export default function () {}

export function handleSummary(data) {
  return {
    stdout: `iterations: ${data.metrics.iterations.values.count}, keys: ${Object.keys(data).sort().join(" ")}\n`,
    stderr: "told to stderr\n",
  };
}
