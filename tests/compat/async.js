const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export default async function () {
  setTimeout(() => console.log("not awaited, but not lost"), 60);
  queue("first");
  await wait(20);
  console.log("waited");
  await Promise.reject(new Error("refused")).catch((error) => console.log("caught", error.message));
}

function queue(name) {
  Promise.resolve().then(() => console.log("microtask", name));
  console.log("synchronous", name);
}
