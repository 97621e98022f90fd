// node-docker-api (on docker-modem 0.3, which sends each request without a body in chunks) through DOCKER_HOST: one
// JSON object, what each case gave.
'use strict';

const { Docker } = require('node-docker-api');
const { runCases, settled, textOf } = require('./common');

const [image, rootImage, prefix] = process.argv.slice(2);
const docker = new Docker({ socketPath: process.env.DOCKER_HOST.replace('unix://', '') });
const quiet = { NetworkMode: 'none', Init: true };
let counter = 0;
const newName = () => `${prefix}-${++counter}`;
const make = (Cmd, more = {}) => docker.container.create({ name: newName(), Image: image, Cmd, ...more, HostConfig: { ...quiet, ...more.HostConfig } });
const running = async () => (await make(['sh', '-c', 'echo out; exec sleep 600'])).start();

const cases = {
  lists: async () => [Array.isArray(await docker.container.list()), (await docker.image.list()).length > 0,
    (await docker.network.list()).map((each) => each.data.Name).filter((name) => ['bridge', 'host', 'none'].includes(name)).sort(),
    Array.isArray(await docker.volume.list())],
  lifecycle: async () => {
    const container = await running();
    const status = async () => (await container.status()).data.State.Status;
    const seen = [await status()];
    for (const [step, state] of Object.entries({ pause: 'paused', unpause: 'running', restart: 'running', stop: 'exited' })) {
      await container[step]({ t: 0 });
      seen.push(await settled(status, state));
    }
    await container.delete({ force: true });
    return seen;
  },
  logs: async () => {
    const container = await make(['echo', 'out']);
    await container.start();
    await container.wait();
    return (await textOf(await container.logs({ follow: false, stdout: true, stderr: true }))).slice(8);
  },
  top: async () => (await (await running()).top()).Titles,
  exec: async () => {
    const container = await running();
    const exec = await container.exec.create({ AttachStdout: true, AttachStderr: true, Cmd: ['id', '-u'] });
    return [(await textOf(await exec.start({ Detach: false }))).slice(8), (await exec.status()).data.ExitCode];
  },
  archives: async () => {
    const container = await running();
    return (await textOf(await container.fs.get({ path: '/etc/passwd' }))).includes('app:x:1000');
  },
  volumes: async () => {
    const volume = await docker.volume.create({ Name: newName(), Labels: { a: 'b' } });
    const { Labels } = (await volume.status()).data;
    await volume.remove();
    return Labels;
  },
  'what does not exist': () => docker.container.get('e2e-nothing').status(),
  privileged: async () => (await make(['true'], { HostConfig: { Privileged: true } })).id,
  root: async () => (await make(['true'], { Image: rootImage })).id,
};

runCases(cases).then((results) => {
  process.stdout.write(JSON.stringify(results), () => process.exit(0));
});
