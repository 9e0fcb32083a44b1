export const options = { thresholds: { never_made: ["count>0"] } };

export default function () {}
