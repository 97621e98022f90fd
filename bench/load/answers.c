/* See answers.h. */
#include "answers.h"

#include <stdio.h>
#include <string.h>

#include "common.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

struct answer answers[ANSWER_COUNT] = {
    [ANSWER_PING] = {"200 OK\r\nBuilder-Version: 1\r\nCache-Control: no-cache, no-store, "
                     "must-revalidate\r\nPragma: no-cache\r\nContent-Type: text/plain; "
                     "charset=utf-8\r\n" COMMON,
                     "OK", NULL, 0, 0},
    [ANSWER_LIST] = {"200 OK\r\n" JSON, NULL, NULL, 0, 0},
    [ANSWER_CREATED] = {"201 Created\r\n" JSON, "{\"Id\":\"" ID "\",\"Warnings\":[]}\n", NULL, 0,
                        0},
    [ANSWER_INSPECT] = {"200 OK\r\n" JSON,
                        "{\"Id\":\"" ID "\",\"Name\":\"/web\",\"Config\":{\"User\":\"1000:1000\","
                        "\"Image\":\"app\"},\"HostConfig\":{\"Privileged\":false,"
                        "\"NetworkMode\":\"none\"},\"Mounts\":[]}\n",
                        NULL, 0, 0},
    [ANSWER_EXEC] = {"200 OK\r\n" JSON,
                     "{\"ID\":\"" ID "\",\"ContainerID\":\"" ID "\",\"ProcessConfig\":{\"user\":"
                     "\"1000:1000\",\"privileged\":false}}\n",
                     NULL, 0, 0},
    [ANSWER_VERSION] = {"200 OK\r\n" JSON,
                        "{\"Components\":[{\"Name\":\"Engine\",\"Version\":\"20.10.24\"}],"
                        "\"Version\":\"20.10.24\",\"ApiVersion\":\"1.41\"}\n",
                        NULL, 0, 0},
    [ANSWER_LOADED] = {"200 OK\r\n" JSON, "{\"stream\":\"Loaded image: app:latest\\n\"}\n", NULL, 0,
                       0},
    [ANSWER_OTHER] = {"404 Not Found\r\n" JSON, "{\"message\":\"page not found\"}\n", NULL, 0, 0},
};

const char answer_upgraded[] = "HTTP/1.1 101 UPGRADED\r\n"
                               "Content-Type: application/vnd.docker.raw-stream\r\n"
                               "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
const char answer_streaming[] = "HTTP/1.1 200 OK\r\n" JSON "Transfer-Encoding: chunked\r\n\r\n";
const char answer_continues[] = "HTTP/1.1 100 Continue\r\n\r\n";
static const char event_json[] =
    "{\"status\":\"start\",\"id\":\"" ID "\",\"from\":\"registry.example.org/team/app:1\","
    "\"Type\":\"container\",\"Action\":\"start\",\"Actor\":{\"ID\":\"" ID "\",\"Attributes\":{"
    "\"com.example.role\":\"web\",\"image\":\"registry.example.org/team/app:1\",\"name\":\"web\"}},"
    "\"scope\":\"local\",\"time\":1793700000,\"timeNano\":1793700000000000000}\n";

char answer_event[1024];

static char *list_body(void)
{
    static char body[4096];
    size_t at = 0;

    // four containers of about 520 bytes each
    for (int i = 0; i < 4; i++) {
        at += (size_t)snprintf(
            body + at, sizeof(body) - at,
            "%c{\"Id\":\"%d" ID "\",\"Names\":[\"/web-%d\"],\"Image\":\"registry.example.org/team/"
            "app:1\",\"ImageID\":\"sha256:" ID "\",\"Command\":\"/app --port 8080\",\"Created\":"
            "1793700000,\"Ports\":[{\"IP\":\"127.0.0.1\",\"PrivatePort\":8080,\"PublicPort\":80%d,"
            "\"Type\":\"tcp\"}],\"Labels\":{\"com.example.role\":\"web\"},\"State\":\"running\","
            "\"Status\":\"Up 2 hours\",\"HostConfig\":{\"NetworkMode\":\"default\"},"
            "\"NetworkSettings\":{\"Networks\":{}},\"Mounts\":[]}",
            i ? ',' : '[', i, i, i);
    }
    snprintf(body + at, sizeof(body) - at, "]\n");
    return body;
}

void answers_prepare(void)
{
    answers[ANSWER_LIST].body = list_body();
    for (size_t i = 0; i < ANSWER_COUNT; i++) {
        struct answer *answer = &answers[i];
        int length = asprintf(&answer->text, "HTTP/1.1 %sContent-Length: %zu\r\n\r\n%s",
                              answer->head, strlen(answer->body), answer->body);

        if (length < 0) {
            die("memory");
        }
        answer->length = (size_t)length;
    }
    snprintf(answer_event, sizeof(answer_event), "%zx\r\n%s\r\n", sizeof(event_json) - 1,
             event_json);
}
