// With this file gpupci starts on glibc 2.28 and newer, whatever newer glibc it was built with. The
// linker writes down the newest version of each function, and the loader of an older host refuses
// the whole program for one that it lacks. So what gpupci and its libstdc++ call in a version after
// 2.28 is defined here, and handed on to the version that every glibc of the architecture has. It
// is linked into gpupci alone. tests/support/old_glibc_test.sh says which name is missing here.
//
// The sources are glibc's NEWS and headers: until 2.32 stat() was inline, until 2.33 libdl and
// libpthread were libraries of their own, since 2.38 strtoul() of C++ is __isoc23_strtoul().
#include <dlfcn.h>
#include <pthread.h>
#include <sys/stat.h>

// The first glibc of the architecture, and _STAT_VER, by which its __xstat() knows the struct stat
// that programs have today.
#if defined(__x86_64__)
#define FIRST "@GLIBC_2.2.5"
#define FIRST_FXSTATAT "@GLIBC_2.4"
constexpr int kStatVersion = 1;
#elif defined(__aarch64__)
#define FIRST "@GLIBC_2.17"
#define FIRST_FXSTATAT "@GLIBC_2.17"
constexpr int kStatVersion = 0;
#endif

extern "C" {

// The functions of old, by names of our own.
__asm__(".symver first_xstat, __xstat" FIRST);
__asm__(".symver first_lxstat, __lxstat" FIRST);
__asm__(".symver first_fxstat, __fxstat" FIRST);
__asm__(".symver first_fxstatat, __fxstatat" FIRST_FXSTATAT);
int first_xstat(int version, const char* file, struct stat* to) noexcept;
int first_lxstat(int version, const char* file, struct stat* to) noexcept;
int first_fxstat(int version, int file, struct stat* to) noexcept;
int first_fxstatat(int version, int folder, const char* file, struct stat* to, int flags) noexcept;

__asm__(".symver first_dlopen, dlopen" FIRST);
__asm__(".symver first_dlsym, dlsym" FIRST);
__asm__(".symver first_dlerror, dlerror" FIRST);
decltype(dlopen) first_dlopen;
decltype(dlsym) first_dlsym;
decltype(dlerror) first_dlerror;

__asm__(".symver first_once, pthread_once" FIRST);
__asm__(".symver first_key_create, __pthread_key_create" FIRST);
decltype(pthread_once) first_once;
decltype(pthread_key_create) first_key_create;

__asm__(".symver first_strtoul, strtoul" FIRST);
__asm__(".symver first_strtoll, strtoll" FIRST);
__asm__(".symver first_strtoull, strtoull" FIRST);
unsigned long first_strtoul(const char* text, char** end, int base) noexcept;
long long first_strtoll(const char* text, char** end, int base) noexcept;
unsigned long long first_strtoull(const char* text, char** end, int base) noexcept;

using Program = int(int, char**, char**);
using Constructor = void(int, char**, char**);
__asm__(".symver first_start, __libc_start_main" FIRST);
int first_start(Program*, int, char**, Constructor*, void (*)(), void (*)(), void*);

// No library that gpupci loads may find these names in it.
#pragma GCC visibility push(hidden)

// These are glibc's names.
// NOLINTBEGIN(readability-identifier-naming,readability-inconsistent-declaration-parameter-name)

// A program that counts as if it had threads is always right.
char __libc_single_threaded = 0;

int stat(const char* file, struct stat* to) noexcept { return first_xstat(kStatVersion, file, to); }
int lstat(const char* file, struct stat* to) noexcept {
  return first_lxstat(kStatVersion, file, to);
}
int fstat(int file, struct stat* to) noexcept { return first_fxstat(kStatVersion, file, to); }
int fstatat(int folder, const char* file, struct stat* to, int flags) noexcept {
  return first_fxstatat(kStatVersion, folder, file, to, flags);
}

void* dlopen(const char* file, int mode) noexcept { return first_dlopen(file, mode); }
void* dlsym(void* library, const char* name) noexcept { return first_dlsym(library, name); }
char* dlerror() noexcept { return first_dlerror(); }

int pthread_once(pthread_once_t* control, void (*routine)()) {
  return first_once(control, routine);
}
int __pthread_key_create(pthread_key_t* key, void (*destroy)(void*)) noexcept {
  return first_key_create(key, destroy);
}

unsigned long __isoc23_strtoul(const char* text, char** end, int base) noexcept {
  return first_strtoul(text, end, base);
}
long long __isoc23_strtoll(const char* text, char** end, int base) noexcept {
  return first_strtoll(text, end, base);
}
unsigned long long __isoc23_strtoull(const char* text, char** end, int base) noexcept {
  return first_strtoull(text, end, base);
}

// Before 2.34 a program brought the function that calls its constructors (csu/elf-init.c), and a
// newer glibc calls it too when it is given. The loader calls the destructors, and what comes
// before the constructors, in both.
void _init();
extern Constructor* const __init_array_start[];
extern Constructor* const __init_array_end[];
static void construct(int count, char** arguments, char** environment) {
  _init();
  for (auto* each = __init_array_start; each != __init_array_end; ++each) {
    (*each)(count, arguments, environment);
  }
}
int __libc_start_main(Program* program, int count, char** arguments, Constructor*, void (*)(),
                      void (*end_of_loader)(), void* end_of_stack) {
  return first_start(program, count, arguments, &construct, nullptr, end_of_loader, end_of_stack);
}

// NOLINTEND(readability-identifier-naming,readability-inconsistent-declaration-parameter-name)
#pragma GCC visibility pop

}  // extern "C"
