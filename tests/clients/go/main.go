// go-dockerclient through DOCKER_HOST: one JSON object, what each case gave.
package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"
	"time"

	docker "github.com/fsouza/go-dockerclient"
)

var (
	image, rootImage, prefix = os.Args[1], os.Args[2], os.Args[3]
	client                   *docker.Client
	counter                  int
)

func newName() string {
	counter++
	return fmt.Sprintf("%s-%d", prefix, counter)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func create(from string, host docker.HostConfig, command ...string) *docker.Container {
	host.NetworkMode, host.Init = "none", true
	container, err := client.CreateContainer(docker.CreateContainerOptions{
		Name: newName(), Config: &docker.Config{Image: from, Cmd: command, OpenStdin: strings.HasPrefix(command[len(command)-1], "wc"), StdinOnce: true},
		HostConfig: &host})
	check(err)
	return container
}

func running() *docker.Container {
	container := create(image, docker.HostConfig{}, "sh", "-c", "echo out; echo err >&2; exec sleep 600")
	check(client.StartContainer(container.ID, nil))
	return container
}

func status(id string) string {
	container, err := client.InspectContainerWithOptions(docker.InspectContainerOptions{ID: id})
	check(err)
	return container.State.Status
}

// The state of a container once it is the one that is meant, or the last one that it had. An engine learns of a pause twice, by its
// call and by an event; one that comes after the call that ended the pause shows it as paused again for a moment.
func settled(id, wanted string) string {
	end := time.Now().Add(10 * time.Second)
	for status(id) != wanted && time.Now().Before(end) {
		time.Sleep(50 * time.Millisecond)
	}
	return status(id)
}

func archive(name, content string) *bytes.Buffer {
	var data bytes.Buffer
	writer := tar.NewWriter(&data)
	check(writer.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}))
	_, err := writer.Write([]byte(content))
	check(err)
	check(writer.Close())
	return &data
}

var cases = map[string]func() interface{}{
	"version and ping": func() interface{} {
		version, err := client.Version()
		check(err)
		check(client.Ping())
		return version.Map()
	},
	"a container to its end": func() interface{} {
		container := create(image, docker.HostConfig{}, "sh", "-c", "echo out; echo err >&2; exit 3")
		check(client.StartContainer(container.ID, nil))
		code, err := client.WaitContainer(container.ID)
		check(err)
		var out, errors bytes.Buffer
		check(client.Logs(docker.LogsOptions{Container: container.ID, OutputStream: &out, ErrorStream: &errors, Stdout: true, Stderr: true}))
		check(client.RemoveContainer(docker.RemoveContainerOptions{ID: container.ID}))
		return []interface{}{code, out.String(), errors.String()}
	},
	"input": func() interface{} {
		// A busy engine loses what a container wrote last if it ends at once.
		container := create(image, docker.HostConfig{}, "sh", "-c", "wc -c; sleep 1")
		var out bytes.Buffer
		attached := make(chan struct{})
		waiter, err := client.AttachToContainerNonBlocking(docker.AttachToContainerOptions{Container: container.ID,
			InputStream: strings.NewReader(strings.Repeat("x", 100000)), OutputStream: &out, ErrorStream: &out,
			Stream: true, Stdin: true, Stdout: true, Stderr: true, Success: attached})
		check(err)
		<-attached
		attached <- struct{}{}
		check(client.StartContainer(container.ID, nil))
		check(waiter.Wait())
		return out.String()
	},
	"lifecycle": func() interface{} {
		id := running().ID
		seen := []string{status(id)}
		for _, step := range []struct {
			act   func() error
			state string
		}{
			{func() error { return client.PauseContainer(id) }, "paused"}, {func() error { return client.UnpauseContainer(id) }, "running"},
			{func() error { return client.RestartContainer(id, 0) }, "running"}, {func() error { return client.StopContainer(id, 0) }, "exited"},
			{func() error { return client.RenameContainer(docker.RenameContainerOptions{ID: id, Name: newName()}) }, "exited"}} {
			check(step.act())
			seen = append(seen, settled(id, step.state))
		}
		return seen
	},
	"lists": func() interface{} {
		id := running().ID
		containers, err := client.ListContainers(docker.ListContainersOptions{All: true, Filters: map[string][]string{"id": {id}}})
		check(err)
		images, err := client.ListImages(docker.ListImagesOptions{})
		check(err)
		top, err := client.TopContainer(id, "")
		check(err)
		return []interface{}{len(containers), containers[0].Image, containers[0].State, len(images) > 0, top.Titles}
	},
	"exec": func() interface{} {
		exec, err := client.CreateExec(docker.CreateExecOptions{Container: running().ID, AttachStdin: true, AttachStdout: true,
			AttachStderr: true, Cmd: []string{"sh", "-c", "id -u; cat; exit 6"}})
		check(err)
		var out, errors bytes.Buffer
		check(client.StartExec(exec.ID, docker.StartExecOptions{InputStream: strings.NewReader("input"), OutputStream: &out, ErrorStream: &errors}))
		seen, err := client.InspectExec(exec.ID)
		check(err)
		return []interface{}{out.String(), errors.String(), seen.ExitCode}
	},
	"archives": func() interface{} {
		id := running().ID
		check(client.UploadToContainer(id, docker.UploadToContainerOptions{Path: "/tmp", InputStream: archive("file", "content")}))
		var out bytes.Buffer
		check(client.DownloadFromContainer(id, docker.DownloadFromContainerOptions{Path: "/tmp/file", OutputStream: &out}))
		changes, err := client.ContainerChanges(id)
		check(err)
		return []interface{}{strings.Contains(out.String(), "content"), len(changes)}
	},
	"a build": func() interface{} {
		var out bytes.Buffer
		check(client.BuildImage(docker.BuildImageOptions{Name: newName() + ":1", NoCache: true, ForceRmTmpContainer: true, NetworkMode: "none",
			Labels: map[string]string{"e2e": "1"}, InputStream: archive("Dockerfile", "FROM "+rootImage+"\nRUN echo built; sleep 1\n"), OutputStream: &out}))
		return strings.Contains(out.String(), "built\n")
	},
	"events": func() interface{} {
		name, listener := newName(), make(chan *docker.APIEvents, 100)
		check(client.AddEventListenerWithOptions(docker.EventsOptions{Since: fmt.Sprint(time.Now().Unix() - 1), Filters: map[string][]string{"container": {name}, "type": {"container"}}}, listener))
		container, err := client.CreateContainer(docker.CreateContainerOptions{Name: name, Config: &docker.Config{Image: image, Cmd: []string{"true"}},
			HostConfig: &docker.HostConfig{NetworkMode: "none"}})
		check(err)
		check(client.StartContainer(container.ID, nil))
		_, err = client.WaitContainer(container.ID)
		check(err)
		check(client.RemoveContainer(docker.RemoveContainerOptions{ID: container.ID}))
		var seen []string
		for event := range listener {
			seen = append(seen, event.Action)
			if event.Action == "destroy" {
				break
			}
		}
		return seen
	},
	"volumes and networks": func() interface{} {
		name := newName()
		volume, err := client.CreateVolume(docker.CreateVolumeOptions{Name: name, Labels: map[string]string{"a": "b"}})
		check(err)
		network, err := client.CreateNetwork(docker.CreateNetworkOptions{Name: name, Internal: true})
		check(err)
		check(client.RemoveNetwork(network.ID))
		check(client.RemoveVolumeWithOptions(docker.RemoveVolumeOptions{Name: name}))
		return []interface{}{volume.Labels, network.Internal}
	},
	"what does not exist": func() interface{} { return status("e2e-nothing") },
	"privileged":          func() interface{} { return create(image, docker.HostConfig{Privileged: true}, "true").ID },
	"root":                func() interface{} { return create(rootImage, docker.HostConfig{}, "true").ID },
}

// A case that fails gives its error.
func run(act func() interface{}) (result interface{}) {
	defer func() {
		if problem := recover(); problem != nil {
			err, _ := problem.(error)
			result = map[string]string{"text": fmt.Sprint(problem)}
			var answer *docker.Error
			if errors.As(err, &answer) {
				result = map[string]interface{}{"status": answer.Status, "text": answer.Message}
			}
		}
	}()
	return act()
}

func main() {
	var err error
	client, err = docker.NewClientFromEnv()
	check(err)
	names := []string{}
	for name := range cases {
		names = append(names, name)
	}
	sort.Strings(names)
	results := map[string]interface{}{}
	for _, name := range names {
		results[name] = run(cases[name])
	}
	check(json.NewEncoder(os.Stdout).Encode(results))
}
