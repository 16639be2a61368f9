// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_BENCHMARKS_LOAD_CALLERS_HPP
#define BACKCHANNEL_BENCHMARKS_LOAD_CALLERS_HPP

#include "body.hpp"
#include "settings.hpp"
#include "tools/load/signing.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// The HTTP connections, each with requests that are answered in order.
class callers {
public:
    /// `first_key`: of the first caller at the poller; the others follow.
    callers(settings const& s, bodies const& contents, load::poller& poller, std::uint64_t first_key)
        : settings_{s}, contents_{contents}, poller_{poller},
          first_key_{first_key}, signer_{s.authority, "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"} {
        for (std::size_t i = 0; i != s.callers; ++i) {
            all_.push_back(std::make_unique<one>());
            connect(i);
        }
    }

    [[nodiscard]] std::size_t size() const { return all_.size(); }

    /// Queues the request of a slot; `flush` sends what is queued.
    void ask(std::size_t i, std::string_view method, std::string_view path, label of, bool with_body) {
        one& c = *all_[i];
        std::size_t const size = with_body ? contents_.size() : 0;
        if (settings_.sign) {
            signer_.append_head(c.tcp.out, method, path,
                                with_body ? contents_.digest(of) : backchannel::crypto::sha256::digest({}), size);
        } else {
            c.tcp.out.append(method).append(" ").append(path).append(" HTTP/1.1\r\nHost: ");
            c.tcp.out.append(settings_.authority).append("\r\nContent-Length: ").append(std::to_string(size));
            c.tcp.out.append("\r\n\r\n");
        }
        if (with_body) {
            auto const end = of.text();
            c.tcp.out.append(contents_.text()).append(end.data(), end.size());
        }
        c.waiting.push_back(of.slot);
        if (!c.dirty) dirty_.push_back(i);
        c.dirty = true;
    }

    /// Sends what is queued, as far as that goes now.
    void flush() {
        for (std::size_t const i : dirty_) {
            one& c = *all_[i];
            c.dirty = false;
            if (c.sending || !c.tcp.is_open()) continue;
            if (!c.tcp.flush()) continue; // its end is read, too
            watch(i);
        }
        dirty_.clear();
    }

    /// Serves one connection that is ready. `answer(slot, status)` is called for each answer, with the status 0 for
    /// what will not be answered, and with the slot `nobody` for an answer to nothing.
    template <class F>
    void serve(std::size_t i, std::uint32_t events, F&& answer) {
        one& c = *all_[i];
        if ((events & EPOLLOUT) != 0 && c.tcp.flush()) watch(i);
        if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) == 0) return;
        std::span<char> const piece = c.tcp.read();
        bool ended = piece.empty() && errno != EAGAIN;
        c.tcp.in.append(piece.data(), piece.size());
        std::string_view rest = c.tcp.in;
        for (;;) {
            auto const head = load::read_head(rest);
            if (head.size == 0 || rest.size() - head.size < head.body) break;
            rest.remove_prefix(head.size + head.body);
            ended = ended || head.closes;
            if (c.waiting.empty()) {
                answer(nobody, head.status);
                continue;
            }
            std::uint32_t const slot = c.waiting.front();
            c.waiting.pop_front();
            answer(slot, head.status);
        }
        c.tcp.in.erase(0, c.tcp.in.size() - rest.size());
        if (!ended) return;
        std::deque<std::uint32_t> const unanswered = std::move(c.waiting);
        c.waiting.clear();
        connect(i);
        for (std::uint32_t const slot : unanswered) answer(slot, 0);
    }

    static constexpr std::uint32_t nobody = 0xFFFFFFFF;

private:
    struct one {
        load::tcp_connection tcp;
        std::deque<std::uint32_t> waiting; // slots, in the order of their answers
        bool sending = false;              // waits until it can send
        bool dirty = false;
    };

    void connect(std::size_t i) {
        one& c = *all_[i];
        if (!c.tcp.connect(settings_.where.where)) load::refuse(std::string{"cannot connect: "} + std::strerror(errno));
        c.sending = true;
        poller_.add(c.tcp.fd(), first_key_ + i, EPOLLIN | EPOLLOUT);
    }

    void watch(std::size_t i) {
        one& c = *all_[i];
        if (c.tcp.wants_to_send() == c.sending) return;
        c.sending = c.tcp.wants_to_send();
        poller_.modify(c.tcp.fd(), first_key_ + i, c.sending ? EPOLLIN | EPOLLOUT : EPOLLIN);
    }

    settings const& settings_;
    bodies const& contents_;
    load::poller& poller_;
    std::uint64_t first_key_;
    load::signer signer_;
    std::vector<std::unique_ptr<one>> all_;
    std::vector<std::size_t> dirty_;
};

}

#endif
