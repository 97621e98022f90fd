/*
 * Preloaded into the daemon: how long the longest iteration of its loop took, from the return of
 * epoll_pwait() to the next call. What others do on the machine is not in the CPU time of the
 * thread; what is waited for is in the time of the clock alone. Written to the file that
 * SOCKADE_TURNS names, which bench/worst.py has open as well and sets to zero.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

struct turns {
    uint64_t longest_cpu_ns;
    uint64_t longest_ns;
    uint64_t count;
};

typedef int epoll_pwait_function(int epfd, struct epoll_event *events, int count, int timeout_ms,
                                 const sigset_t *mask);

int epoll_pwait(int epfd, struct epoll_event *events, int count, int timeout_ms,
                const sigset_t *mask);
int epoll_wait(int epfd, struct epoll_event *events, int count, int timeout_ms);

static struct turns unmapped;
static struct turns *turns = &unmapped;
static uint64_t begun_cpu_ns;
static uint64_t begun_ns;

static uint64_t now(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000U + (uint64_t)time.tv_nsec;
}

static void map(void)
{
    const char *path = getenv("SOCKADE_TURNS");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *mapped =
        fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*turns), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (mapped != MAP_FAILED) {
        turns = mapped;
    }
    if (fd >= 0) {
        close(fd);
    }
}

static void end_turn(void)
{
    uint64_t cpu_ns = now(CLOCK_THREAD_CPUTIME_ID) - begun_cpu_ns;
    uint64_t ns = now(CLOCK_MONOTONIC) - begun_ns;

    turns->longest_cpu_ns = cpu_ns > turns->longest_cpu_ns ? cpu_ns : turns->longest_cpu_ns;
    turns->longest_ns = ns > turns->longest_ns ? ns : turns->longest_ns;
    turns->count++;
}

int epoll_pwait(int epfd, struct epoll_event *events, int count, int timeout_ms,
                const sigset_t *mask)
{
    static epoll_pwait_function *real;

    if (begun_ns > 0) {
        end_turn();
    } else {
        map();
        *(void **)&real = dlsym(RTLD_NEXT, "epoll_pwait");
    }
    int ready = real(epfd, events, count, timeout_ms, mask);

    begun_cpu_ns = now(CLOCK_THREAD_CPUTIME_ID);
    begun_ns = now(CLOCK_MONOTONIC);
    return ready;
}

int epoll_wait(int epfd, struct epoll_event *events, int count, int timeout_ms)
{
    return epoll_pwait(epfd, events, count, timeout_ms, NULL);
}
