export const options = {
  scenarios: { steady: { executor: "constant-vus", vus: 1, duration: "1s", colour: "red" } },
};

export default function () {}
