// Docker's own SDK for Node (on undici) through DOCKER_HOST: one JSON object, what each case gave.
import { createRequire } from 'node:module';
import { PassThrough } from 'node:stream';

const require = createRequire(import.meta.url);
const { DockerClient, Filter } = require('@docker/node-sdk');
const { runCases, settled, textOf } = require('./common');

const [image, rootImage, prefix] = process.argv.slice(2);
const docker = await DockerClient.fromDockerHost(process.env.DOCKER_HOST.replace('unix://', 'unix:'));
// It takes an answer for what was asked for, whatever the status.
function served(answer) {
  if (answer?.message) throw new Error(answer.message);
  return answer;
}

const quiet = { NetworkMode: 'none', Init: true };
let counter = 0;
const newName = () => `${prefix}-${++counter}`;

async function make(Cmd, more = {}) {
  const name = newName();
  served(await docker.containerCreate({ Image: image, Cmd, ...more, HostConfig: { ...quiet, ...more.HostConfig } }, { name }));
  return name;
}

async function running() {
  const name = await make(['sh', '-c', 'echo out; echo err >&2; exec sleep 600']);
  await docker.containerStart(name);
  return name;
}

// The output of something that writes to two streams, as [out, err].
async function outputs(act) {
  const [out, err] = [new PassThrough(), new PassThrough()];
  const texts = Promise.all([textOf(out), textOf(err)]);
  await act(out, err);
  out.end();
  err.end();
  return texts;
}

const cases = {
  'version, info': async () => [await docker.systemVersion(), Object.keys(await docker.systemInfo()).sort()],
  'a container to its end': async () => {
    const name = await make(['sh', '-c', 'echo out; echo err >&2; exit 3']);
    await docker.containerStart(name);
    const { StatusCode } = await docker.containerWait(name);
    const texts = await outputs((out, err) => docker.containerLogs(name, out, err, { stdout: true, stderr: true }));
    await docker.containerDelete(name);
    return [StatusCode, texts];
  },
  lifecycle: async () => {
    const name = await running();
    const seen = [];
    for (const [step, state] of Object.entries({
      containerPause: 'paused', containerUnpause: 'running', containerRestart: 'running', containerStop: 'exited' })) {
      await docker[step](name, { timeout: 0 });
      seen.push(await settled(async () => (await docker.containerInspect(name)).State.Status, state));
    }
    return seen;
  },
  lists: async () => {
    const name = await running();
    const found = await docker.containerList({ all: true, filters: new Filter().add('name', name) });
    return [found.length, Object.keys(found[0]).sort(), (await docker.containerTop(name)).Titles, Array.isArray(await docker.imageList())];
  },
  exec: async () => {
    const exec = await docker.containerExec(await running(), { AttachStdout: true, AttachStderr: true, Cmd: ['sh', '-c', 'id -u; exit 6'] });
    const texts = await outputs((out, err) => docker.execStart(exec.Id, out, err));
    return [texts, (await docker.execInspect(exec.Id)).ExitCode];
  },
  // It sends what it is to look for as `params=[object Object]`, so all events come.
  events: async () => {
    const name = newName();
    const seen = [];
    const events = docker.systemEvents();
    let listening = false;
    const reading = (async () => {
      for await (const event of events) {
        listening = true;
        if (served(event).Actor.Attributes.name === name) seen.push(event.Action);
        if (seen.includes('destroy')) break;
      }
    })();
    while (!listening) {
      await docker.volumeCreate({ Name: `${name}-probe` });
      await docker.volumeDelete(`${name}-probe`);
      await Promise.race([reading, new Promise((resolve) => { setTimeout(resolve, 100); })]);
    }
    served(await docker.containerCreate({ Image: image, Cmd: ['true'], HostConfig: quiet }, { name }));
    await docker.containerStart(name);
    await docker.containerWait(name);
    await docker.containerDelete(name);
    await reading;
    return seen;
  },
  'volumes and networks': async () => {
    const name = newName();
    const volume = await docker.volumeCreate({ Name: name, Labels: { a: 'b' } });
    await docker.networkCreate({ Name: name, Internal: true });
    const network = await docker.networkInspect(name);
    await docker.networkDelete(name);
    await docker.volumeDelete(name);
    return [volume.Labels, network.Internal];
  },
  'what does not exist': () => docker.containerInspect('e2e-nothing'),
  privileged: () => make(['true'], { HostConfig: { Privileged: true } }),
  root: () => make(['true'], { Image: rootImage }),
};

const results = await runCases(cases);
process.stdout.write(JSON.stringify(results), () => process.exit(0));
