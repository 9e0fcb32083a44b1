// gRPC: a call and a stream of messages, with the service described in grpc.proto.
//
//   GRPC_ADDR=localhost:50051 ssek run examples/grpc.js
import { check } from "k6";
import { Client, Stream, StatusOK } from "k6/net/grpc";

const client = new Client();
client.load([], "grpc.proto");

export const options = {
  vus: 2,
  iterations: 4,
  thresholds: { "grpc_req_duration{method:GetFeature}": ["p(95)<200"] },
};

export default function () {
  // A connection lasts until it is closed, over iterations, too.
  if (__ITER === 0) {
    client.connect(__ENV.GRPC_ADDR || "localhost:50051", { plaintext: true, timeout: "5s" });
  }

  const point = { latitude: 409146138, longitude: -746188906 };
  const response = client.invoke("routes.Guide/GetFeature", point, {
    metadata: { "x-request-id": `${__VU}-${__ITER}` },
    timeout: "1s",
  });
  check(response, {
    "it is known": (r) => r.status === StatusOK && r.message["name"] !== "",
  });

  // The iteration ends when the stream does.
  const route = new Stream(client, "routes.Guide/RecordRoute");
  route.on("data", (summary) => check(summary, { "all points": (s) => s["points"] === 3 }));
  route.on("error", (error) => console.error(error["message"]));
  for (let i = 0; i < 3; i++) {
    route.write(point);
  }
  route.end();
}
