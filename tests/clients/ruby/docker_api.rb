# docker-api (on excon) through DOCKER_HOST: one JSON object, what each case gave.
require "excon"
require "json"

# Debian 13's docker-api adds a key of its own to this list, which Debian 13's excon froze.
keys = Excon::VALID_REQUEST_KEYS.dup
Excon.send(:remove_const, :VALID_REQUEST_KEYS)
Excon::VALID_REQUEST_KEYS = keys
require "docker"

IMAGE, ROOT_IMAGE, PREFIX = ARGV
$counter = 0

def new_name
  "#{PREFIX}-#{$counter += 1}"
end

def make(command, more = {})
  config = { "name" => new_name, "Image" => IMAGE, "Cmd" => command }.merge(more)
  config["HostConfig"] = { "NetworkMode" => "none", "Init" => true }.merge(more["HostConfig"] || {})
  Docker::Container.create(config)
end

def running
  make(["sh", "-c", "echo out; exec sleep 600"]).start
end

def status(container)
  Docker::Container.get(container.id).info["State"]["Status"]
end

# The state of a container once it is the one that is meant, or the last one that it had. An engine learns of a pause twice, by its
# call and by an event; one that comes after the call that ended the pause shows it as paused again for a moment.
def settled(container, wanted)
  200.times do
    break if status(container) == wanted

    sleep 0.05
  end
  status(container)
end

CASES = {
  "version and info" => -> { [Docker.version, Docker.info.keys.sort, Docker.ping] },
  "a container to its end" => lambda do
    container = make(["sh", "-c", "echo out; echo err >&2; exit 3"])
    container.start
    code = container.wait["StatusCode"]
    text = container.logs(stdout: true)
    container.remove
    [code, text]
  end,
  "attach" => lambda do
    # A busy engine loses what a container wrote last if it ends at once.
    container = make(["sh", "-c", "sleep 1; echo out; echo err >&2; sleep 1"])
    thread = Thread.new { container.attach(stream: true, stdout: true, stderr: true) }
    sleep 1
    container.start
    thread.value
  end,
  "input" => lambda do
    container = make(["sh", "-c", "wc -c; sleep 1"], "OpenStdin" => true, "StdinOnce" => true)
    container.tap(&:start).attach(stdin: StringIO.new("x" * 100_000))
  end,
  "lifecycle" => lambda do
    container = running
    { "pause" => "paused", "unpause" => "running", "restart" => "running", "stop" => "exited", "start" => "running",
      "kill" => "exited" }.map do |step, state|
      container.public_send(step)
      container.wait if step == "kill"
      settled(container, state)
    end
  end,
  "lists" => lambda do
    id = running.id
    found = Docker::Container.all(all: true, filters: { id: [id] }.to_json)
    [found.length, found[0].info.keys.sort, found[0].top.length.positive?, Docker::Image.all.length.positive?]
  end,
  "exec" => -> { running.exec(["sh", "-c", "id -u; echo err >&2; exit 6"]) },
  "exec with input" => -> { running.exec(["cat"], stdin: StringIO.new("some input")) },
  "archives" => lambda do
    container = running
    container.store_file("/tmp/file", "content")
    [container.read_file("/tmp/file"), container.changes.map { |each| each["Path"] }.sort]
  end,
  "a build" => lambda do
    image = Docker::Image.build("FROM #{ROOT_IMAGE}\nLABEL e2e=1\nRUN echo built\n", "nocache" => true, "networkmode" => "none")
    image.id.length.positive?
  end,
  "images" => lambda do
    image = Docker::Image.get(IMAGE)
    tag = new_name
    image.tag("repo" => tag, "tag" => "1", "force" => true)
    removed = image.remove(name: "#{tag}:1")
    [image.history.map { |each| each["CreatedBy"] }, removed.map(&:keys)]
  end,
  "events" => lambda do
    name = new_name
    since = Time.now.to_i
    container = Docker::Container.create("name" => name, "Image" => IMAGE, "Cmd" => ["true"], "HostConfig" => { "NetworkMode" => "none" })
    container.start
    container.wait
    container.remove
    seen = []
    Docker::Event.since(since, until: Time.now.to_i + 1, filters: { container: [name], type: ["container"] }.to_json) { |event| seen << event.action }
    seen
  end,
  "volumes and networks" => lambda do
    name = new_name
    volume = Docker::Volume.create(name, "Labels" => { "a" => "b" })
    network = Docker::Network.create(name, "Internal" => true)
    shown = [volume.info["Labels"], Docker::Network.get(name).info["Internal"]]
    network.remove
    volume.remove
    shown
  end,
  "what does not exist" => -> { Docker::Container.get("e2e-nothing") },
  "privileged" => -> { make(["true"], "HostConfig" => { "Privileged" => true }).id },
  "root" => -> { make(["true"], "Image" => ROOT_IMAGE).id },
}

results = CASES.transform_values do |act|
  act.call
rescue StandardError => e
  # Whatever excon itself raises has the answer in it, which docker-api's errors take as their message.
  answer = e.respond_to?(:response) && e.response ? JSON.parse(e.response.body)["message"] : e.message
  { error: e.class.name, text: answer }
end
puts JSON.generate(results)
