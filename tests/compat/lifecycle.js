export const options = { iterations: 1 };

console.log(`init of VU ${__VU}`);

export function setup() {
  return { items: [1, 2], nothing: undefined };
}

export default function (data) {
  data.items.push(3);
  console.log("default", JSON.stringify(data.items), data.nothing === undefined || data.nothing === null);
}

export function teardown(data) {
  console.log("teardown", JSON.stringify(data.items));
}
