// `order-js-p2`: adds up the order that is posted to `/order`, in JavaScript.
//
// The suite `languages` asks guests in several languages for the same. `GET /` answers `hello`. The
// engine answers through wasi:http 0.2. Nothing is kept from one request to the next.

addEventListener("fetch", (event) => event.respondWith(answer(event.request)));

async function answer(request) {
  const { pathname } = new URL(request.url);
  if (request.method === "GET" && pathname === "/") return text(200, "hello");
  if (request.method !== "POST" || pathname !== "/order") return text(404, "not found");
  try {
    const body = JSON.stringify(sum(await request.json()));
    return new Response(body, { headers: { "content-type": "application/json" } });
  } catch {
    return text(400, "not an order");
  }
}

function text(status, body) {
  return new Response(body, { status, headers: { "content-type": "text/plain" } });
}

function sum({ lines }) {
  // The first of those with the highest price; an order without lines has none, and is no order.
  const dearest = lines.reduce((most, line) => (line.cents > most.cents ? line : most)).name;
  const add = (value) => lines.reduce((total, line) => total + value(line), 0);
  const units = add((line) => line.count);
  const cents = add((line) => line.cents * line.count);
  if (!Number.isInteger(units) || !Number.isInteger(cents) || typeof dearest !== "string") throw new Error();
  return { lines: lines.length, units, cents, dearest };
}
