# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""Conan 2 recipe, to be run from a checkout: conan create packaging/conan"""
import os
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.files import copy, load

required_conan_version = ">=2.0"


class BackchannelConan(ConanFile):
    name = "backchannel"
    description = "Management API of cloud WebSocket gateways for any C++ server"
    license = "BSL-1.0"
    topics = ("websocket", "server", "header-only")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"gateway": [True, False], "tls": [True, False], "openssl": [True, False],
               "deflate": [True, False], "boost_json": [True, False]}
    default_options = {"gateway": False, "tls": False, "openssl": False, "deflate": False, "boost_json": False}
    no_copy_source = True

    @property
    def _tree(self):
        return os.path.normpath(os.path.join(self.recipe_folder, "..", ".."))

    def set_version(self):
        header = load(self, os.path.join(self._tree, "include", "backchannel", "version.hpp"))
        self.version = re.search(r'BACKCHANNEL_VERSION "(.+)"', header)[1]

    def export_sources(self):
        copy(self, "LICENSE", self._tree, self.export_sources_folder)
        for pattern in ("*.hpp", "*.ipp"):
            copy(self, pattern, os.path.join(self._tree, "include"), os.path.join(self.export_sources_folder, "include"))

    def requirements(self):
        if self.options.gateway or self.options.tls:
            self.requires("asio/[>=1.22 <2]", transitive_headers=True)
        if self.options.openssl or self.options.tls:
            self.requires("openssl/[>=3 <4]", transitive_headers=True, transitive_libs=True)
        if self.options.deflate:
            self.requires("zlib/[>=1.2.11 <2]", transitive_headers=True, transitive_libs=True)
        if self.options.boost_json:
            self.requires("boost/[>=1.81 <2]", transitive_headers=True, transitive_libs=True)

    def package_id(self):
        self.info.clear()

    def validate(self):
        check_min_cppstd(self, 20)

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        copy(self, "*", os.path.join(self.source_folder, "include"), os.path.join(self.package_folder, "include"))

    def package_info(self):
        self.cpp_info.bindirs = []
        self.cpp_info.libdirs = []
        self.cpp_info.set_property("cmake_file_name", "backchannel")
        # The package's own target has every component behind it, so the name that means the core goes to the core.
        self.cpp_info.set_property("cmake_target_name", "backchannel::all")

        core = self.cpp_info.components["core"]
        core.set_property("cmake_target_name", "backchannel::backchannel")
        core.set_property("pkg_config_name", "backchannel")
        if self.options.gateway or self.options.tls:
            gateway = self._component("gateway", "asio::asio")
            gateway.defines = ["ASIO_STANDALONE", "ASIO_NO_DEPRECATED"]
            if self.settings.os in ("Linux", "FreeBSD"):
                gateway.system_libs = ["pthread"]
        if self.options.tls:
            self._component("tls", "openssl::openssl").requires.append("gateway")
        if self.options.openssl:
            self._component("openssl", "openssl::crypto")
        if self.options.deflate:
            self._component("deflate", "zlib::zlib")
        if self.options.boost_json:
            self._component("boost_json", "boost::json")
        for component in self.cpp_info.components.values():
            component.bindirs = []
            component.libdirs = []

    def _component(self, name, dependency):
        component = self.cpp_info.components[name]
        component.set_property("cmake_target_name", f"backchannel::{name}")
        component.requires = ["core", dependency]
        return component
