// A ranking behind HTTP with nothing but Node's standard library: node server.mjs PORT SECRET_FILE
import { createHmac, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const [port, file] = process.argv.slice(2); // a secret among the arguments could be read by whoever may call ps
const key = Buffer.from(readFileSync(file, "utf8").trim().replace(/^whsec_/, ""), "base64");
const LARGEST = 16_000_000; // bytes
const OLDEST = 300; // seconds; an older order may be one that somebody recorded and sends again

function genuine(headers, body) {
  const { "webhook-id": id, "webhook-timestamp": at, "webhook-signature": given = "" } = headers;
  if (!(Math.abs(Date.now() / 1000 - Number(at)) < OLDEST)) return false;
  const wanted = createHmac("sha256", key).update(`${id}.${at}.`).update(body).digest();
  return given.split(" ").some((part) => {
    const [kind, signature = ""] = part.split(",");
    const bytes = Buffer.from(signature, "base64");
    return kind === "v1" && bytes.length === wanted.length && timingSafeEqual(bytes, wanted);
  });
}

/** Cheaper than half of the candidates: a little ahead. */
function answer({ candidates, n }) {
  const prices = candidates.map((item) => item.price_cents).sort((a, b) => a - b);
  const middle = prices[Math.floor(prices.length / 2)] ?? 0;
  return {
    items: candidates
      .map((item) => ({ item_id: item.item_id, score: item.house_score + (item.price_cents < middle ? 0.05 : 0) }))
      .sort((a, b) => b.score - a.score || (a.item_id < b.item_id ? -1 : 1))
      .slice(0, n),
  };
}

const server = createServer((request, response) => {
  const parts = [];
  let size = 0;
  request.on("data", (part) => {
    size += part.length;
    if (size > LARGEST) request.destroy();
    else parts.push(part);
  });
  request.on("end", () => {
    const body = Buffer.concat(parts);
    if (request.method !== "POST" || !genuine(request.headers, body)) {
      response.writeHead(401).end();
      return;
    }
    try {
      const { questions } = JSON.parse(body);
      const reply = JSON.stringify({ version: "node-1", answers: questions.map(answer) });
      response.writeHead(200, { "content-type": "application/json" }).end(reply);
    } catch {
      response.writeHead(400).end();
    }
  });
});

server.listen(Number(port), "127.0.0.1", () => console.log(`listening on ${server.address().port}`));
