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

// The state of a container once it is the one that is meant, or the last one that it had. An engine learns of a pause twice, by its
// call and by an event; one that comes after the call that ended the pause shows it as paused again for a moment.
const SETTLED_WITHIN_MS = 10000;
async function settled(state, wanted) {
  const end = Date.now() + SETTLED_WITHIN_MS;
  let seen = await state();
  while (seen !== wanted && Date.now() < end) {
    await new Promise((resolve) => { setTimeout(resolve, 50); });
    seen = await state();
  }
  return seen;
}

module.exports = { asValue, runCases, settled, textOf };
