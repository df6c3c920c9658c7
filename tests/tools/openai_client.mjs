// SPDX-License-Identifier: MIT
// openai_client.mjs URL [KEY]: the official client against a running qins-server. Run it from a
// folder where `npm install openai` was run; without the package it skips.
import { createRequire } from "node:module";
import assert from "node:assert";
import path from "node:path";
import { readFileSync } from "node:fs";

const [url, key] = process.argv.slice(2);
let OpenAI, version;
try {
  const require = createRequire(path.join(process.cwd(), "x.js"));
  const found = require("openai");
  OpenAI = found.default ?? found;
  const file = path.join(path.dirname(require.resolve("openai")), "package.json");
  version = JSON.parse(readFileSync(file)).version;
} catch {
  console.log("SKIPPED: the package openai is not here");
  process.exit(77);
}
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key ?? "none", maxRetries: 0 });
const messages = [{ role: "user", content: "Tell me a story about a cat." }];
const settings = { model: "any", messages, temperature: 0, max_tokens: 40 };

const models = [];
for await (const m of client.models.list()) models.push(m.id);
assert.equal(models.length, 1);
assert.equal((await client.models.retrieve(models[0])).id, models[0]);

const whole = await client.chat.completions.create(settings);
assert.ok(whole.choices[0].message.content.length > 0);
assert.equal(whole.usage.total_tokens, whole.usage.prompt_tokens + whole.usage.completion_tokens);

let text = "", usage = null;
const stream = await client.chat.completions.create({
  ...settings, stream: true, stream_options: { include_usage: true },
});
for await (const piece of stream) {
  text += piece.choices[0]?.delta?.content ?? "";
  usage = piece.usage ?? usage;
}
assert.equal(text, whole.choices[0].message.content);
assert.equal(usage.completion_tokens, whole.usage.completion_tokens);

const runner = client.chat.completions.stream(settings);
assert.equal(await runner.finalContent(), text);

const shaped = await client.chat.completions.parse({
  ...settings, max_tokens: 200,
  response_format: { type: "json_schema", json_schema: { name: "cat", schema: {
    type: "object", properties: { age: { type: "integer" } }, required: ["age"],
    additionalProperties: false } } },
});
assert.ok(Number.isInteger(shaped.choices[0].message.parsed.age));

const plain = await client.completions.create({ model: "any", prompt: "Once", max_tokens: 4 });
assert.equal(plain.usage.completion_tokens, 4);

await assert.rejects(client.chat.completions.create({ ...settings, temperature: 9 }),
  (e) => e instanceof OpenAI.BadRequestError && e.param === "temperature");
await assert.rejects(client.models.retrieve("no-such-model"),
  (e) => e instanceof OpenAI.NotFoundError && e.code === "model_not_found");

const control = new AbortController();
const cut = await client.chat.completions.create({ ...settings, max_tokens: 1000, stream: true },
  { signal: control.signal });
for await (const piece of cut) { control.abort(); }
console.log(`openai ${version}: models, chat, streams, shapes, texts, errors, abort are as it wants`);
