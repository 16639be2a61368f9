// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_BENCHMARKS_LOAD_EXCHANGE_RUN_HPP
#define BACKCHANNEL_BENCHMARKS_LOAD_EXCHANGE_RUN_HPP

#include "callers.hpp"
#include "exchanges.hpp"
#include "receivers.hpp"
#include "report.hpp"
#include "server_process.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace bench {

/// A closed loop: each slot's next request begins when its last exchange is complete.
class exchange_run {
public:
    exchange_run(settings const& s, server_process const& server, bodies const& contents, load::poller& poller,
                 receivers& sockets)
        : settings_{s}, server_{server}, poller_{poller},
          receivers_{sockets}, callers_{s, contents, poller, sockets.size()}, slots_{s.callers * s.pipeline,
                                                                                     sockets.size(),
                                                                                     s.kind == mode::broadcast} {}

    /// Runs it, and tells what it has measured.
    [[nodiscard]] figures run() {
        std::int64_t const began = load::now_ns();
        std::int64_t const from = settings_.count == 0 ? began + settings_.warm_up_ns : began;
        progress_ns_ = began;
        if (settings_.count != 0) start_measuring();
        for (std::uint32_t slot = 0; slot != slots_.size(); ++slot) start(slot);
        while (!interrupted_ && slots_.active() != 0 && load::now_ns() - progress_ns_ < settings_.patience_ns) {
            turn();
            std::int64_t const now = load::now_ns();
            if (settings_.count != 0) continue;
            if (!measuring_ && !measured_ && now >= from) start_measuring();
            // from when it really began, and until there is something to tell: this process may have stood still
            if (measuring_ && result_.done != 0 && now >= result_.began_ns + settings_.duration_ns) stop_measuring();
        }
        if (measuring_) stop_measuring();
        slots_.give_up(result_.wrong);
        return std::move(result_);
    }

private:
    void start_measuring() {
        measuring_ = true;
        result_.began_ns = load::now_ns();
        result_.server_cpu_ns = server_.cpu_ns();
        result_.own_cpu_ns = own_cpu_ns();
    }

    void stop_measuring() {
        measuring_ = false;
        measured_ = true;
        result_.elapsed_ns = load::now_ns() - result_.began_ns;
        result_.server_cpu_ns = server_.cpu_ns() - result_.server_cpu_ns;
        result_.own_cpu_ns = own_cpu_ns() - result_.own_cpu_ns;
    }

    void turn() {
        poller_.wait(200, [&](std::uint64_t key, std::uint32_t events) {
            if (key == load::poller::signal_key) {
                interrupted_ = true;
            } else if (key < receivers_.size()) {
                read(static_cast<std::uint32_t>(key));
            } else {
                callers_.serve(key - receivers_.size(), events,
                               [&](std::uint32_t slot, int status) { answered(slot, status); });
            }
        });
        callers_.flush();
    }

    void read(std::uint32_t i) {
        bool const open = receivers_.read(i, [&](std::optional<label> of) {
            if (!of)
                ++result_.wrong.altered;
            else if (slots_.delivered(i, *of, result_.wrong))
                complete(of->slot);
        });
        if (open) return;
        std::uint32_t const slot = settings_.kind == mode::del ? slots_.slot_of(i) : 0;
        if (settings_.kind != mode::del || slot == slots_.size())
            ++result_.wrong.disconnected;
        else if (slots_.ended(slot))
            complete(slot);
    }

    void answered(std::uint32_t slot, int status) {
        if (slot == callers::nobody) {
            ++result_.wrong.stray;
            return;
        }
        if (status >= 200 && status < 300) {
            if (slots_.answered(slot)) complete(slot);
            return;
        }
        if (status == 0)
            ++result_.wrong.unanswered;
        else
            ++result_.wrong.refused;
        slots_.abandon(slot);
        start(slot);
    }

    void complete(std::uint32_t slot) {
        progress_ns_ = load::now_ns();
        if (measuring_) {
            ++result_.done;
            result_.times.add(progress_ns_ - slots_.began(slot));
        }
        start(slot);
    }

    /// The slot's next request, unless the run is at its end.
    void start(std::uint32_t slot) {
        if (measured_ || (settings_.count != 0 && started_ == settings_.count)) return;
        ++started_;
        bool const has_body = settings_.kind == mode::post || settings_.kind == mode::broadcast;
        std::uint32_t const target = settings_.kind == mode::broadcast ? exchanges::everybody : next_;
        label const of = slots_.begin(slot, target, settings_.kind == mode::get ? 0 : 1, load::now_ns());
        path_.assign(settings_.path);
        if (target == exchanges::everybody) {
            path_.assign("/broadcast");
        } else {
            path_.append("/@connections/");
            backchannel::protocol::append_percent_encoded(path_, receivers_.id(next_));
            if (++next_ == receivers_.size()) next_ = 0;
        }
        char const* const method = settings_.kind == mode::get ? "GET" : has_body ? "POST" : "DELETE";
        callers_.ask(slot % callers_.size(), method, path_, of, has_body);
    }

    settings const& settings_;
    server_process const& server_;
    load::poller& poller_;
    receivers& receivers_;
    callers callers_;
    exchanges slots_;
    figures result_;
    std::string path_;
    std::uint32_t next_ = 0; // receiver
    std::uint64_t started_ = 0;
    std::int64_t progress_ns_ = 0;
    bool measuring_ = false, measured_ = false, interrupted_ = false;
};

}

#endif
