# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""run.py NAME --source DIR --build DIR: builds and runs one consumer of the package; 77: a tool is missing."""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def need(tool):
    return shutil.which(tool) or skip(f"{tool} is not installed")


class Runner:
    def __init__(self, options):
        self.source, self.build = options.source.resolve(), options.build.resolve()
        self.cmake, self.generator, self.compiler = options.cmake, options.generator, options.compiler
        if self.build.exists():
            shutil.rmtree(self.build)
        self.build.mkdir(parents=True)
        os.environ.pop("DESTDIR", None)

    def run(self, *command, fails=None, **environment):
        """Runs a command that must succeed or, with `fails`, must fail and say that text; returns what it printed."""
        print("$", *command, flush=True)
        result = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                text=True, env={**os.environ, **environment}, cwd=self.build)
        print(result.stdout, flush=True)
        said = " ".join(result.stdout.split())
        if (result.returncode != 0) != (fails is not None) or (fails is not None and fails not in said):
            sys.exit(f"expected failure with: {fails}" if fails is not None else f"exit status {result.returncode}")
        return result.stdout

    def configure(self, source, name, *definitions, fails=None):
        toolchain = ["-G", self.generator] if self.generator else []
        toolchain += [f"-DCMAKE_CXX_COMPILER={self.compiler}"] if self.compiler else []
        toolchain += ["-DCMAKE_BUILD_TYPE=Debug"]
        return self.run(self.cmake, "-S", source, "-B", name, *toolchain, *definitions, fails=fails)

    def consume(self, source, *definitions):
        self.configure(source, "consumer", *definitions)
        self.run(self.cmake, "--build", "consumer", "--target", "run", "--config", "Debug")

    def install(self, compiled="OFF"):
        """Installs the library and moves it, since a package must not know where it was installed to."""
        self.configure(self.source, "project", "-DBACKCHANNEL_BUILD_TESTS=OFF", "-DBACKCHANNEL_BUILD_EXAMPLES=OFF",
                       f"-DBACKCHANNEL_BUILD_COMPILED={compiled}")
        self.run(self.cmake, "--build", "project", "--config", "Debug")
        self.run(self.cmake, "--install", "project", "--prefix", self.build / "prefix", "--config", "Debug")
        return self.moved()

    def moved(self):
        (self.build / "prefix").rename(self.build / "moved")
        return self.build / "moved"

    def compile_with(self, *flags):
        sources = [HERE / "consumer" / name for name in ("main.cpp", "greet.cpp")]
        flags = list(flags) + ["-I", HERE / "consumer"]
        self.run(self.compiler or need("c++"), "-std=c++20", "-Wall", "-Wextra", "-Werror", *flags, *sources, "-o",
                 "consumer", "-pthread")
        self.run(self.build / "consumer")

    def pkg_config(self, prefix):
        tool = need("pkg-config")
        path = str(prefix / "share" / "pkgconfig")
        version = self.run(tool, "--modversion", "backchannel", PKG_CONFIG_PATH=path).strip()
        assert version == self.version(), version
        self.compile_with(*self.run(tool, "--cflags", "--libs", "backchannel", PKG_CONFIG_PATH=path).split())

    def version(self):
        return self.run(sys.executable, self.source / "scripts" / "amalgamate.py", "--version").strip()

    # The tests, by name.

    def test_add_subdirectory(self):
        source = f"-DBACKCHANNEL_SOURCE={self.source}"
        self.consume(HERE / "add_subdirectory", source)
        for name, option in (("named", "BACKCHANNEL_COMPONENTS"), ("plain", "PLAIN_COMPONENTS")):
            said = self.configure(HERE / "add_subdirectory", name, source, f"-D{option}=openssl",
                                  "-DCMAKE_DISABLE_FIND_PACKAGE_OpenSSL=1")
            assert "backchannel::openssl is left out: OpenSSL's libcrypto was not found" in said, said

    def find_package(self, component, prefix):
        minor = ".".join(self.version().split(".")[:2])
        self.consume(HERE / "find_package", f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCOMPONENT={component}",
                     f"-DREQUEST={minor}")

    def test_find_package(self):
        self.find_package("", self.install())

    def test_component(self, component):
        self.find_package(component, self.install("ON" if component == "compiled" else "OFF"))

    def test_find_package_refuses(self):
        base = [f"-DCMAKE_PREFIX_PATH={self.install()}"]
        major, minor, _ = self.version().split(".")
        here = f"{major}.{minor}"
        later = [*base, f"-DREQUEST={major}.{int(minor) + 1}", "-DCOMPONENT="]
        for name, arguments, reason in (
                ("later", later, "backchannel"),
                ("unknown", [*base, f"-DREQUEST={here}", "-DCOMPONENT=nonsense"], "there is no component of this name"),
                ("compiled", [*base, f"-DREQUEST={here}", "-DCOMPONENT=compiled"], "without the static library"),
                ("asio", [*base, f"-DREQUEST={here}", "-DCOMPONENT=gateway",
                          "-DCMAKE_DISABLE_FIND_PACKAGE_StandaloneAsio=1"],
                 "standalone Asio 1.22 or newer was not found")):
            self.configure(HERE / "find_package", name, *arguments, fails=reason)

    def test_pkg_config(self):
        need("pkg-config")
        self.pkg_config(self.install())

    def meson(self, source, *arguments):
        tool = need("meson")
        if not (shutil.which("ninja") or shutil.which("ninja-build")):
            skip("ninja is not installed")
        environment = {"CXX": self.compiler} if self.compiler else {}
        self.run(tool, "setup", "meson", source, *arguments, **environment)
        return tool

    def meson_subproject(self, *arguments):
        work = self.build / "source"
        shutil.copytree(HERE / "consumer", work)
        for name in ("meson.build", "meson_options.txt"):
            shutil.copy(HERE / "meson_subproject" / name, work)
        copy = work / "subprojects" / "backchannel"
        for name in ("include", "scripts", "cmake"):
            shutil.copytree(self.source / name, copy / name)
        for name in ("meson.build", "meson_options.txt", "LICENSE"):
            shutil.copy(self.source / name, copy)
        tool = self.meson(work, *arguments)
        self.run(tool, "test", "-C", "meson", "--print-errorlogs")

    def test_meson_subproject(self):
        self.meson_subproject()

    def test_meson_components(self):
        names = ("gateway", "tls", "openssl", "deflate", "boost_json")
        self.meson_subproject("-Dcomponents=" + ",".join(names), *(f"-Dbackchannel:{name}=enabled" for name in names))

    def test_meson_install(self):
        tool = self.meson(self.source, "--prefix", self.build / "prefix", "-Dtests=false", "-Dexamples=false")
        self.run(tool, "install", "-C", "meson")
        prefix = self.moved()
        self.find_package("", prefix)
        shutil.rmtree(self.build / "consumer")
        self.pkg_config(prefix)

    def test_single_header(self):
        copy = self.build / "include" / "backchannel"
        copy.mkdir(parents=True)
        shutil.copy(self.source / "single_include" / "backchannel" / "backchannel.hpp", copy)
        self.compile_with("-I", self.build / "include")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--cmake", default="cmake")
    parser.add_argument("--compiler", default=os.environ.get("CXX"))
    parser.add_argument("--generator")
    options = parser.parse_args()
    runner = Runner(options)
    if options.name.startswith("component_"):
        runner.test_component(options.name[len("component_"):])
    else:
        getattr(runner, "test_" + options.name)()
    return 0


if __name__ == "__main__":
    sys.exit(main())
