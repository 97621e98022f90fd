// What both programs share: cases that run one after the other and give a value or an error each.
'use strict';

// What a user reads of an error: docker-modem's have a status, the engine's message is in the text.
function asValue(error) {
  return { error: error.name, status: error.statusCode, text: error.message };
}

async function runCases(cases) {
  const results = {};
  for (const [name, act] of Object.entries(cases)) {
    try {
      results[name] = (await act()) ?? null;
    } catch (error) {
      results[name] = asValue(error);
    }
  }
  return results;
}

// A stream to its end, as text.
async function textOf(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks.map((chunk) => Buffer.from(chunk))).toString();
}

module.exports = { asValue, runCases, textOf };
