import sse from "k6/x/sse";

export default function () {
  const seen = [];
  sse.open(`${__ENV.MOCK}/sse?n=9&burst=1`, {}, (client) => {
    client.on("event", (event) => {
      seen.push(event.id);
      if (event.id === "2") {
        client.close();
      }
    });
  });
  console.log(seen.join());

  const comments = [];
  sse.open(`${__ENV.MOCK}/sse?n=1`, {}, (client) => {
    client.on("event", (event) => seen.push(event.name));
    client.on("comment", (text) => comments.push(text));
  });
  console.log(seen.length, comments.join());

  try {
    sse.open(`${__ENV.MOCK}/sse?n=5`, {}, (client) => {
      client.on("event", () => {
        throw new Error("from a handler");
      });
    });
  } catch (error) {
    console.log("caught", error.message);
  }
}
