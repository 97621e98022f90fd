// dockerode through DOCKER_HOST: one JSON object, what each case gave.
'use strict';

const Docker = require('dockerode');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { PassThrough } = require('stream');
const { once } = require('events');
const { asValue, runCases, settled, textOf } = require('./common');

const [image, rootImage, prefix] = process.argv.slice(2);
const docker = new Docker(); // reads DOCKER_HOST
const quiet = { NetworkMode: 'none' };
// A busy engine loses what a container wrote last if it ends at once: hence `sleep 1` behind what is attached to.
let counter = 0;
const newName = () => `${prefix}-${++counter}`;

// Takes a stream of docker apart until it ends: [output, errors].
async function demultiplexed(container, stream) {
  const out = new PassThrough();
  const err = new PassThrough();
  container.modem.demuxStream(stream, out, err);
  const ended = once(stream, 'end').then(() => { out.end(); err.end(); });
  const texts = await Promise.all([textOf(out), textOf(err), ended]);
  return texts.slice(0, 2);
}

async function make(Cmd, more = {}) {
  return docker.createContainer({ name: newName(), Image: image, Cmd, ...more, HostConfig: { ...quiet, ...more.HostConfig } });
}

async function running(command = ['sleep', '600'], more = {}) {
  const container = await make(command, { ...more, HostConfig: { Init: true, ...more.HostConfig } });
  await container.start();
  return container;
}

const lasting = (() => {
  let made;
  return () => (made ??= running());
})();

async function execute(options, input) {
  const container = await lasting();
  const exec = await container.exec({ AttachStdout: true, AttachStderr: true, AttachStdin: input !== undefined, ...options });
  const stream = await exec.start({ hijack: true, stdin: input !== undefined, Tty: Boolean(options.Tty) });
  if (input !== undefined) stream.end(input);
  const output = options.Tty ? await textOf(stream) : await demultiplexed(container, stream);
  return [output, (await exec.inspect()).ExitCode];
}

// The progress of a pull or a build, to its end.
const progress = (stream) => new Promise((resolve, reject) =>
  docker.modem.followProgress(stream, (error, lines) => (error ? reject(error) : resolve(lines))));

async function build(dockerfile, options) {
  const context = fs.mkdtempSync(path.join(os.tmpdir(), 'sk-node-')); // below TMPDIR, which the test removes
  fs.writeFileSync(path.join(context, 'Dockerfile'), dockerfile);
  fs.writeFileSync(path.join(context, 'file'), 'x'.repeat(100000));
  const stream = await docker.buildImage({ context, src: ['Dockerfile', 'file'] },
    { nocache: true, forcerm: true, networkmode: 'none', labels: { e2e: '1' }, ...options });
  return (await progress(stream)).map((line) => line.stream ?? line.error ?? '').join('');
}

const cases = {
  'ping and version': async () => [String(await docker.ping()), await docker.version()],
  info: async () => { const info = await docker.info(); return [info.ServerVersion, info.Driver, Object.keys(info).sort()]; },

  'run with its output': async () => {
    const [out, err] = [new PassThrough(), new PassThrough()];
    const texts = Promise.all([textOf(out), textOf(err)]);
    const [data] = await docker.run(image, ['sh', '-c', 'echo out; echo err >&2; sleep 1; exit 3'], [out, err],
      { name: newName(), Tty: false, HostConfig: { ...quiet, AutoRemove: true } });
    out.end();
    err.end();
    return [data, await texts];
  },
  'attach before the start': async () => {
    const container = await make(['sh', '-c', 'wc -c; echo end >&2; sleep 1; exit 4'], { OpenStdin: true, StdinOnce: true, AttachStdin: true });
    const stream = await container.attach({ stream: true, hijack: true, stdin: true, stdout: true, stderr: true });
    await container.start();
    stream.write('a'.repeat(300000));
    stream.end();
    return [await demultiplexed(container, stream), (await container.wait()).StatusCode];
  },
  'a terminal': async () => {
    const container = await make(['sh', '-c', 'cat; sleep 1'], { Tty: true, OpenStdin: true });
    const stream = await container.attach({ stream: true, hijack: true, stdin: true, stdout: true });
    await container.start();
    await container.resize({ h: 40, w: 100 });
    stream.write('word\n\x04');
    return [await textOf(stream), (await container.wait()).StatusCode];
  },
  exec: () => execute({ Cmd: ['sh', '-c', 'echo $A; id -u; echo err >&2; exit 6'], Env: ['A=b'] }),
  'exec with input': () => execute({ Cmd: ['sh', '-c', 'wc -c; echo end'] }, 'b'.repeat(200000)),
  'exec on a terminal': () => execute({ Cmd: ['sh', '-c', 'echo one; exit 2'], Tty: true }),
  'exec of nothing': () => execute({ Cmd: ['no-such-command'] }),
  'exec without an upgrade': async () => {
    const container = await lasting();
    const exec = await container.exec({ AttachStdout: true, Cmd: ['echo', 'one'] });
    return demultiplexed(container, await exec.start({}));
  },

  logs: async () => {
    const container = await running(['sh', '-c', 'echo out; echo err >&2']);
    await container.wait();
    return [(await container.logs({ stdout: true })).toString('latin1'), (await container.logs({ stderr: true })).toString('latin1'),
      await demultiplexed(container, await container.logs({ follow: true, stdout: true, stderr: true }))];
  },
  'logs that are left': async () => {
    const container = await running(['sh', '-c', 'echo first; sleep 600']);
    const stop = new AbortController();
    const stream = await container.logs({ follow: true, stdout: true, abortSignal: stop.signal });
    await once(stream, 'data');
    stop.abort();
    stream.on('error', () => {});
    return (await container.inspect()).State.Status;
  },
  stats: async () => {
    const container = await lasting();
    return [Object.keys(await container.stats({ stream: false })).sort(), (await container.top()).Titles];
  },
  events: async () => {
    const name = newName();
    const stream = await docker.getEvents({ since: Math.floor(Date.now() / 1000) - 1, filters: { container: [name], type: ['container'] } });
    let text = '';
    stream.on('data', (data) => { text += data; });
    const container = await docker.createContainer({ name, Image: image, Cmd: ['true'], HostConfig: quiet });
    await container.start();
    await container.wait();
    await container.remove();
    while (!text.includes('"destroy"')) await once(stream, 'data');
    stream.destroy();
    return text.trim().split('\n').map((line) => JSON.parse(line).Action);
  },
  lifecycle: async () => {
    const container = await make(['sleep', '600'], { HostConfig: { Init: true }, Labels: { a: 'b' } });
    const seen = [];
    for (const [step, state] of [['start', 'running'], ['pause', 'paused'], ['unpause', 'running'], ['kill', 'exited'],
      ['wait', 'exited'], ['start', 'running']]) {
      await container[step]();
      seen.push(await settled(async () => (await container.inspect()).State.Status, state));
    }
    await container.restart({ t: 0 });
    await container.stop({ t: 0 });
    await container.rename({ name: newName() });
    await container.remove({ v: true });
    return seen;
  },

  archives: async () => {
    const container = await running();
    const source = await container.getArchive({ path: '/etc/passwd' });
    const chunks = [];
    for await (const chunk of source) chunks.push(chunk);
    await container.putArchive(Buffer.concat(chunks), { path: '/tmp' });
    const info = await container.infoArchive({ path: '/tmp/passwd' });
    return [JSON.parse(Buffer.from(info.headers?.['x-docker-container-path-stat'] ?? 'e30=', 'base64').toString()).size ?? null,
      (await container.changes()).map((each) => each.Path).sort()];
  },
  build: async () => {
    const tag = `${newName()}:1`;
    const log = await build(`FROM ${rootImage}\nARG WHAT\nCOPY file /file\nRUN echo built $WHAT; wc -c </file; sleep 1\n`,
      { t: tag, buildargs: { WHAT: 'it' } });
    const removed = await docker.getImage(tag).remove();
    return [log, removed[0].Untagged];
  },
  'a build that fails': () => build(`FROM ${rootImage}\nRUN echo before; sleep 1; exit 3\n`),
  'save and load': async () => {
    const tag = { repo: newName(), tag: '1' };
    await docker.getImage(image).tag(tag);
    const saved = await docker.getImage(`${tag.repo}:1`).get();
    const lines = await progress(await docker.loadImage(saved));
    await docker.getImage(`${tag.repo}:1`).remove();
    return lines;
  },
  'pull from nowhere': async () => progress(await docker.pull('127.0.0.1:1/e2e-missing:1')),
  'what does not exist': async () => {
    const calls = [docker.getContainer('e2e-nothing').inspect(), docker.getImage('e2e-nothing').inspect(),
      docker.getNetwork('e2e-nothing').inspect(), docker.getVolume('e2e-nothing').remove(), docker.getExec('e2e-nothing').inspect()];
    return (await Promise.allSettled(calls)).map((each) => (each.reason ? asValue(each.reason) : each.value));
  },
  'volumes and networks': async () => {
    const [first, second] = [newName(), newName()];
    const volume = await docker.createVolume({ Name: first, Labels: { a: 'b' } });
    const network = await docker.createNetwork({ Name: second, Internal: true, CheckDuplicate: true });
    const container = await running(['sleep', '600'], { HostConfig: { NetworkMode: second, Binds: [`${first.Name ?? first}:/data`] } });
    const joined = Object.keys((await network.inspect()).Containers).length;
    await network.disconnect({ Container: container.id, Force: true });
    await container.remove({ force: true });
    await network.remove();
    await docker.getVolume(first).remove();
    return [joined, (await container.inspect().catch(asValue)).status, typeof volume];
  },
  listing: async () => {
    const container = await lasting();
    const found = await docker.listContainers({ filters: { id: [container.id] } });
    return [found.length, found[0].Image, found[0].State, Object.keys(found[0]).sort()];
  },
  'many at once': async () => {
    const container = await lasting();
    const all = await Promise.all(Array.from({ length: 40 }, () => container.inspect()));
    return all.every((each) => each.Id === container.id);
  },

  privileged: async () => (await make(['true'], { HostConfig: { Privileged: true } })).id,
  'a path of the host': async () => (await make(['true'], { HostConfig: { Binds: ['/etc:/host'] } })).id,
  root: async () => (await make(['true'], { Image: rootImage })).id,
  'a privileged exec': () => execute({ Cmd: ['true'], Privileged: true }),
  'a build with the network of the host': async () => (await build(`FROM ${rootImage}\nRUN true\n`, { networkmode: 'host' })).length > 0,
  secrets: () => docker.listSecrets(),
};

runCases(cases).then((results) => {
  process.stdout.write(JSON.stringify(results), () => process.exit(0));
});
