// `hello-js`: answers every request with `hello`, in JavaScript.
//
// For how a host starts a component of about 10 MB that is a real program: the engine is inside, and
// this script is already loaded into it. The engine answers through wasi:http 0.2.

addEventListener("fetch", (event) => {
  event.respondWith(new Response("hello", { headers: { "content-type": "text/plain" } }));
});
