import { check, group } from "k6";

export default function () {
  const seven = group("outer", () => {
    check(1, { "outer holds": true });
    return group("inner", () => {
      check(1, { "inner holds": true });
      return 7;
    });
  });
  console.log("inner gave", seven);
  try {
    group("failing", () => {
      throw new Error("from the group");
    });
  } catch (error) {
    console.log("caught", error.message);
  }
}
