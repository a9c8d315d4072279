// Takes out of GitHub's published OpenAPI description, and of its collection of example
// payloads, what the tests of this crate hold requests, replies and deliveries against.
//
//   npm pack @octokit/openapi@23.0.2 @octokit/webhooks-examples@7.6.1
//   tar -xzf octokit-openapi-23.0.2.tgz --one-top-level=openapi
//   tar -xzf octokit-webhooks-examples-7.6.1.tgz --one-top-level=webhooks
//   node extract.mjs openapi webhooks
//
// Schemas become JSON Schema on the way (`nullable`), and lose what only people read.
import { readFileSync, writeFileSync } from "node:fs";

const [openapi, webhooks] = process.argv.slice(2);
const read = (path) => JSON.parse(readFileSync(path, "utf8"));
const api = read(`${openapi}/package/generated/api.github.com.json`);
const version = (folder) => read(`${folder}/package/package.json`).version;

const CALLS = [
  "GET /repos/{owner}/{repo}/commits/{ref}",
  "GET /repos/{owner}/{repo}/collaborators/{username}/permission",
  "GET /repos/{owner}/{repo}/pulls/{pull_number}",
  "GET /repos/{owner}/{repo}/releases",
  "GET /repos/{owner}/{repo}/issues/{issue_number}/comments",
  "POST /repos/{owner}/{repo}/issues/{issue_number}/comments",
  "PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}",
  "GET /repos/{owner}/{repo}/commits/{ref}/check-runs",
  "POST /repos/{owner}/{repo}/check-runs",
  "PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}",
  "POST /repos/{owner}/{repo}/statuses/{sha}",
  "GET /repos/{owner}/{repo}/issues",
  "POST /repos/{owner}/{repo}/issues",
  "PATCH /repos/{owner}/{repo}/issues/{issue_number}",
  "GET /repos/{owner}/{repo}/installation",
  "POST /app/installations/{installation_id}/access_tokens",
];
const EVENTS = [
  ["ping", undefined],
  ["release", "published"],
  ["push", undefined],
  ["pull_request", "labeled"],
  ["pull_request", "opened"],
  ["issue_comment", "created"],
  ["issue_comment", "edited"],
  ["check_run", "rerequested"],
];
const FOR_PEOPLE = ["description", "example", "examples", "externalDocs", "deprecated", "title"];

const components = {};

function schema(of, isMap = false) {
  if (Array.isArray(of)) return of.map((it) => schema(it));
  if (of === null || typeof of !== "object") return of;
  if (!isMap && typeof of.$ref === "string") {
    const name = of.$ref.split("/").pop();
    if (!(name in components)) {
      components[name] = null;
      components[name] = schema(api.components.schemas[name]);
    }
    return { $ref: `#/components/${name}` };
  }
  const out = {};
  for (const [key, value] of Object.entries(of)) {
    if (!isMap && (FOR_PEOPLE.includes(key) || key === "nullable" || key.startsWith("x-"))) continue;
    if (!isMap && ["enum", "default", "required"].includes(key)) out[key] = value;
    else out[key] = schema(value, !isMap && key === "properties");
  }
  return !isMap && of.nullable === true ? { anyOf: [out, { type: "null" }] } : out;
}

function resolved(of) {
  return of?.$ref ? of.$ref.slice(2).split("/").reduce((at, key) => at[key], api) : of;
}

const json = (of) => of?.content?.["application/json"];
const calls = {};
for (const call of CALLS) {
  const [method, path] = call.split(" ");
  const { parameters = [], requestBody, responses } = api.paths[path][method.toLowerCase()];
  const query = parameters.map(resolved).filter((it) => it.in === "query");
  const replies = {};
  for (const [status, reply] of Object.entries(responses)) {
    const told = json(resolved(reply));
    if (!told) continue;
    const examples = Object.values(told.examples ?? {}).map((it) => resolved(it).value);
    replies[status] = { schema: schema(told.schema), example: examples[0] ?? null };
  }
  calls[call] = {
    query: Object.fromEntries(query.map((it) => [it.name, schema(it.schema)])),
    request: requestBody ? schema(json(requestBody).schema) : null,
    replies,
  };
}
const licence = "MIT, Copyright (c) 2020 Octokit contributors";
const write = (name, value) => writeFileSync(name, `${JSON.stringify(value, null, 1).replace(/\n +/g, (at) => (at.length > 4 ? "" : at))}\n`);
write("calls.json", { from: `npm @octokit/openapi ${version(openapi)}`, licence, calls, components });

const all = read(`${webhooks}/package/api.github.com/index.json`);
const deliveries = EVENTS.map(([event, action]) => {
  const { examples } = all.find((it) => it.name === event);
  return { event, payload: examples.find((it) => action === undefined || it.action === action) };
});
write("deliveries.json", { from: `npm @octokit/webhooks-examples ${version(webhooks)}`, licence, deliveries });
