// Testcontainers through DOCKER_HOST: one line of JSON, what each case gave. Then it waits for its input to
// end, and goes without removing the container that its reaper has to remove.
'use strict';

const { GenericContainer, Network, Wait } = require('testcontainers');
const { runCases, textOf } = require('./common');

const [image, mark] = process.argv.slice(2);

const server = () => new GenericContainer(image)
  .withCommand(['sh', '-c', 'echo hello >/tmp/index.html; echo serving; exec httpd -f -p 8080 -h /tmp'])
  .withExposedPorts(8080)
  .withStartupTimeout(180000);

async function get(container) {
  const response = await fetch(`http://${container.getHost()}:${container.getMappedPort(8080)}/index.html`);
  return [response.status, await response.text()];
}

const cases = {
  'a server and its ports': async () => {
    const container = await server().withWaitStrategy(Wait.forListeningPorts()).start();
    const answer = await get(container);
    const { output, exitCode } = await container.exec(['sh', '-c', 'id -u; exit 3']);
    await container.copyContentToContainer([{ content: 'copied', target: '/tmp/copied' }]);
    const copied = await container.exec(['cat', '/tmp/copied']);
    const archive = await container.copyArchiveFromContainer('/tmp/copied');
    const length = (await textOf(archive)).length;
    await container.restart({ timeout: 0 });
    const again = await get(container);
    await container.stop({ timeout: 0 });
    return [answer, output, exitCode, copied.output, length, again];
  },
  'a message in the log, and a network': async () => {
    const network = await new Network().start();
    const container = await server().withNetwork(network).withNetworkAliases('web')
      .withWaitStrategy(Wait.forLogMessage('serving')).start();
    const peer = await new GenericContainer(image).withNetwork(network).withCommand(['sleep', '600']).start();
    const reached = await peer.exec(['sh', '-c', 'until wget -q -O - http://web:8080/index.html; do sleep 0.1; done']);
    await peer.stop({ timeout: 0 });
    await container.stop({ timeout: 0 });
    await network.stop();
    return [reached.output, reached.exitCode];
  },
  privileged: async () => {
    const container = await new GenericContainer(image).withCommand(['sleep', '600']).withPrivilegedMode().start();
    await container.stop({ timeout: 0 });
    return 'started';
  },
  'left to the reaper': async () => {
    const container = await new GenericContainer(image).withCommand(['sleep', '600']).withLabels({ e2e: mark }).start();
    return container.getName().length > 0;
  },
};

// A reaper that doesn't start is an error of nobody's promise.
process.on('uncaughtException', (error) => { process.stderr.write(`${error.stack}\n`); });

runCases(cases).then((results) => {
  process.stdout.write(`${JSON.stringify(results)}\n`);
  process.stdin.on('end', () => process.exit(0)).resume();
});
