// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_ADAPTERS_LIBWEBSOCKETS_HTTP_HPP
#define BACKCHANNEL_ADAPTERS_LIBWEBSOCKETS_HTTP_HPP

#include <backchannel/http.hpp>
#include <backchannel/protocol/http1_syntax.hpp>
#include <backchannel/protocol/percent.hpp>
#include <backchannel/support/borrowed_request.hpp>
#include <backchannel/support/ip_text.hpp>
#include <backchannel/support/streamed_answer.hpp>
#include <backchannel/support/task_inbox.hpp>

#include <libwebsockets.h>
#include <sys/socket.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The HTTP side of adapters/libwebsockets.hpp.
namespace backchannel::inline BACKCHANNEL_ABI::adapters::libwebsockets {

/// Tasks that other threads leave for the service thread. `run` is the answer to LWS_CALLBACK_EVENT_WAIT_CANCELLED;
/// call `end` before `lws_context_destroy`.
class task_queue : public task_inbox {
public:
    /// Call it on the service thread, before the first connection comes.
    void open(lws_context* context) {
        wake_by([context] { lws_cancel_service(context); });
        enter();
    }
};

[[nodiscard]] inline std::string source_ip(lws* wsi) {
    char text[64] = "";
    lws_get_peer_simple(wsi, text, sizeof text);
    return normalise_ip(text);
}

/// The value of a header that lws has a token for, such as WSI_TOKEN_HTTP_USER_AGENT; empty if there is none.
[[nodiscard]] inline std::string header(lws* wsi, lws_token_indexes token, int fragment = 0) {
    std::string value(static_cast<std::size_t>(lws_hdr_fragment_length(wsi, token, fragment)) + 1, '\0');
    int const n = lws_hdr_copy_fragment(wsi, value.data(), static_cast<int>(value.size()), token, fragment);
    value.resize(static_cast<std::size_t>(n > 0 ? n : 0));
    return value;
}

/// The head of a request, as far as lws tells: the target decoded, of each header the first of its name. Headers that
/// lws has no token for can only be asked for by name: those of SigV4 and of feeds are, and all that the signature
/// names.
class request : public borrowed_request {
public:
    /// At LWS_CALLBACK_HTTP.
    explicit request(lws* wsi) : borrowed_request{libwebsockets::source_ip(wsi)} {
        char* uri = nullptr;
        int size = 0;
        int const method = lws_http_get_uri_and_method(wsi, &uri, &size);
        static constexpr std::string_view methods[] = {"GET",   "POST",   "OPTIONS", "PUT",
                                                       "PATCH", "DELETE", "CONNECT", "HEAD"};
        if (method >= 0 && method < static_cast<int>(std::size(methods))) view_.method = methods[method];
        if (uri != nullptr && size > 0) target_.assign(uri, static_cast<std::size_t>(size));
        read_query(wsi);
        view_.secure = lws_is_ssl(wsi) != 0;
        for (int i = WSI_TOKEN_HOST; i != WSI_TOKEN_COUNT; ++i) {
            auto const token = static_cast<lws_token_indexes>(i);
            auto const* const text = reinterpret_cast<char const*>(lws_token_to_string(token));
            std::string_view name{text == nullptr ? "" : text};
            if (!name.ends_with(':') || name.starts_with(':') || lws_hdr_total_length(wsi, token) <= 0) continue;
            name.remove_suffix(1);
            keep(name, header(wsi, token));
        }
        for (std::string_view const name :
             {"x-amz-date", "x-amz-content-sha256", "x-amz-security-token", "last-event-id"})
            read_custom(wsi, name);
        read_signed(wsi, "SignedHeaders=", header(wsi, WSI_TOKEN_HTTP_AUTHORIZATION));
        read_signed(wsi, "X-Amz-SignedHeaders=", target_);
        view_.target = target_;
        view_.form = target_form::decoded;
        view_.streams = view_.method != "HEAD";
        add_all(kept_);
    }

    /// The announced length of the body; nothing if there is a body of unknown length, which lws cannot read.
    [[nodiscard]] std::optional<std::uint64_t> body_size() const noexcept {
        if (find_header(view_.headers, "transfer-encoding") != nullptr) return std::nullopt;
        auto const* const length = find_header(view_.headers, "content-length");
        std::uint64_t size = 0;
        if (length == nullptr) return size;
        char const* const end = length->value.data() + length->value.size();
        auto const [stop, error] = std::from_chars(length->value.data(), end, size);
        if (error != std::errc{} || stop != end) return std::nullopt;
        return size;
    }

private:
    void keep(std::string_view name, std::string_view value) {
        for (auto const& [known, old] : kept_)
            if (known == name) return;
        kept_.emplace_back(name, http1::detail_syntax::trim(value));
    }

    // lws has decoded it; what the parameters hold may look like a separator, so it is encoded again
    void read_query(lws* wsi) {
        for (int i = 0; lws_hdr_fragment_length(wsi, WSI_TOKEN_HTTP_URI_ARGS, i) > 0; ++i) {
            std::string const argument = header(wsi, WSI_TOKEN_HTTP_URI_ARGS, i);
            std::string_view const text{argument};
            auto const equals = text.find('=');
            target_ += i == 0 ? '?' : '&';
            protocol::append_percent_encoded(target_, text.substr(0, equals));
            if (equals == std::string_view::npos) continue;
            target_ += '=';
            protocol::append_percent_encoded(target_, text.substr(equals + 1));
        }
    }

    void read_custom(lws* wsi, std::string_view name) {
        std::string lower{name};
        for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        lower += ':';
        int const length = lws_hdr_custom_length(wsi, lower.data(), static_cast<int>(lower.size()));
        if (length < 0) return;
        std::string value(static_cast<std::size_t>(length) + 1, '\0');
        if (lws_hdr_custom_copy(wsi, value.data(), length + 1, lower.data(), static_cast<int>(lower.size())) != length)
            return;
        value.pop_back();
        lower.pop_back();
        keep(lower, value);
    }

    void read_signed(lws* wsi, std::string_view what, std::string const& where) {
        auto const at = where.find(what);
        if (at == std::string::npos) return;
        std::string text{where.substr(at + what.size())};
        text.resize(std::min(text.size(), text.find_first_of(", &")));
        std::string names;
        if (!protocol::append_percent_decoded(names, text)) return;
        for (std::string_view rest{names}; !rest.empty();) {
            auto const end = std::min(rest.size(), rest.find(';'));
            if (end != 0) read_custom(wsi, rest.substr(0, end));
            rest.remove_prefix(std::min(rest.size(), end + 1));
        }
    }

    std::string target_;
    std::vector<std::pair<std::string, std::string>> kept_;
};

/// One request of the router's, between LWS_CALLBACK_HTTP and its answer; see `serve`.
template <class Router>
class http_exchange {
public:
    enum class progress : std::uint8_t { more, done, failed };

    http_exchange(lws* wsi, task_queue& home) : wsi_{wsi}, home_{home}, self_{std::make_shared<http_exchange*>(this)} {}
    http_exchange(http_exchange const&) = delete;
    http_exchange& operator=(http_exchange const&) = delete;

    void begin(Router& router, request const& r) {
        request_view const head = r.view();
        incoming_ = router.begin(head);
        to_head_ = head.method == "HEAD";
        auto const size = r.body_size();
        bool const expects_body = head.method == "POST" || head.method == "PUT" || head.method == "PATCH";
        if (!size) {
            closing_ = true;
            answer(response{411});
        } else if (*size > router.max_body(head.target, head.form)) {
            incoming_.refuse_as_too_large();
            finish();
        } else if (*size == 0 && (!expects_body || find_header(head.headers, "content-length") == nullptr)) {
            closing_ = expects_body; // lws thinks that there is one, and would read on
            finish();
        } // else lws announces the end of the body, of one of no bytes too
    }

    void append(void const* piece, std::size_t size) {
        if (!asked_ && size != 0) (void)incoming_.append({static_cast<char const*>(piece), size});
    }

    void finish() {
        if (std::exchange(asked_, true)) return;
        auto whole = std::move(incoming_);
        whole.finish(home_.bring_home(self_, &http_exchange::answer));
    }

    [[nodiscard]] progress write() {
        if (!answer_) return progress::more;
        if (feed_ != nullptr) return feed_->on_writeable();
        bool const has_body = !to_head_ && answer_->status != 204 && !answer_->body.empty();
        if (!std::exchange(head_written_, true)) {
            closing_ = closing_ || answer_->stream != nullptr; // a body that ends with the connection
            if (!write_head()) return progress::failed;
            if (answer_->stream != nullptr) {
                lws_set_timeout(wsi_, NO_PENDING_TIMEOUT, 0);
                feed_ = std::make_shared<feed>(wsi_, home_, answer_->stream);
                feed_->start();
                tick();
                return progress::more;
            }
            if (!has_body) return progress::done;
            lws_callback_on_writable(wsi_);
            return progress::more;
        }
        std::vector<unsigned char> bytes(LWS_PRE + answer_->body.size());
        std::memcpy(bytes.data() + LWS_PRE, answer_->body.data(), answer_->body.size());
        int const n = lws_write(wsi_, bytes.data() + LWS_PRE, answer_->body.size(), LWS_WRITE_HTTP_FINAL);
        return n < 0 ? progress::failed : progress::done;
    }

    /// At LWS_CALLBACK_TIMER.
    void tick() {
        if (feed_ == nullptr) return;
        if (client_has_left()) return lws_set_timeout(wsi_, PENDING_TIMEOUT_HTTP_CONTENT, LWS_TO_KILL_ASYNC);
        feed_->tick(std::chrono::steady_clock::now());
        lws_set_timer_usecs(wsi_, LWS_US_PER_SEC / 4);
    }

    /// Whether the connection cannot be used for another request.
    [[nodiscard]] bool closing() const noexcept { return closing_; }

private:
    class feed final : public streamed_answer {
    public:
        feed(lws* wsi, task_queue& home, std::shared_ptr<body_stream> body)
            : streamed_answer{std::move(body), [&home](task t) { home.post(std::move(t)); }}, wsi_{wsi} {}

        /// lws says so again when what it was given is written.
        [[nodiscard]] progress on_writeable() {
            if (text_.empty()) {
                if (std::exchange(writing_, false)) written();
                return over() && text_.empty() ? progress::done : progress::more;
            }
            std::vector<unsigned char> bytes(LWS_PRE + text_.size());
            std::memcpy(bytes.data() + LWS_PRE, text_.data(), text_.size());
            text_.clear();
            writing_ = true;
            lws_callback_on_writable(wsi_);
            return lws_write(wsi_, bytes.data() + LWS_PRE, bytes.size() - LWS_PRE, LWS_WRITE_HTTP) < 0
                       ? progress::failed
                       : progress::more;
        }

    private:
        bool write(std::string text) override {
            text_ = std::move(text);
            lws_callback_on_writable(wsi_);
            return false;
        }
        void end(bool whole) override {
            if (whole)
                lws_callback_on_writable(wsi_);
            else
                lws_set_timeout(wsi_, PENDING_TIMEOUT_HTTP_CONTENT, LWS_TO_KILL_ASYNC);
        }

        lws* const wsi_;
        std::string text_;     // for lws
        bool writing_ = false; // lws has some
    };

    /// lws does not read while a request is being answered, and its loop does not sleep until that is done.
    [[nodiscard]] bool client_has_left() const noexcept {
        if (lws_get_network_wsi(wsi_) != wsi_) return false; // a stream of HTTP/2
        char unread[512];
        ssize_t const n = ::recv(lws_get_socket_fd(wsi_), unread, sizeof unread, MSG_DONTWAIT);
        return n == 0;
    }

    void answer(response r) {
        asked_ = true;
        answer_.emplace(std::move(r));
        lws_callback_on_writable(wsi_);
    }

    [[nodiscard]] bool write_head() {
        std::vector<unsigned char> bytes(LWS_PRE + answer_->headers.text().size() + 1024);
        unsigned char* const begin = bytes.data() + LWS_PRE;
        unsigned char* at = begin;
        unsigned char* const end = bytes.data() + bytes.size();
        bool good = lws_add_http_header_status(wsi_, static_cast<unsigned>(answer_->status), &at, end) == 0;
        auto const add = [&](std::string_view name, std::string_view value) {
            std::string const label = std::string{name} + ':';
            good = good && lws_add_http_header_by_name(wsi_, reinterpret_cast<unsigned char const*>(label.c_str()),
                                                       reinterpret_cast<unsigned char const*>(value.data()),
                                                       static_cast<int>(value.size()), &at, end) == 0;
        };
        answer_->headers.for_each([&](header_view field) { add(field.name, field.value); });
        if (closing_) add("connection", "close");
        if (answer_->status != 204 && answer_->stream == nullptr) // RFC 9110 8.6
            good = good && lws_add_http_header_content_length(wsi_, answer_->body.size(), &at, end) == 0;
        return good && lws_finalize_write_http_header(wsi_, begin, &at, end) == 0;
    }

    lws* const wsi_;
    task_queue& home_;
    std::shared_ptr<http_exchange*> self_; // for answers that come when this has gone
    typename Router::incoming incoming_;
    std::optional<response> answer_;
    std::shared_ptr<feed> feed_; // of an answer that goes on until the connection ends
    bool to_head_ = false;
    bool asked_ = false; // nothing more is needed of the body
    bool head_written_ = false;
    bool closing_ = false;
};

/// What to return from the protocol's callback, for all that has to do with the router's requests; nothing: do as you
/// would without it. `slot` is a member of the per-session data and nullptr at first; this fills and empties it.
template <class Router>
[[nodiscard]] std::optional<int> serve(Router& router, task_queue& home, lws* wsi, lws_callback_reasons reason,
                                       http_exchange<Router>*& slot, void const* in, std::size_t size) {
    using progress = typename http_exchange<Router>::progress;
    if (reason == LWS_CALLBACK_HTTP) {
        request const r{wsi};
        if (!router.owns(r.view().target, target_form::decoded)) return std::nullopt;
        delete std::exchange(slot, nullptr);
        slot = new http_exchange<Router>{wsi, home};
        slot->begin(router, r);
        return 0;
    }
    if (slot == nullptr) return std::nullopt;
    if (reason == LWS_CALLBACK_HTTP_BODY) {
        slot->append(in, size);
    } else if (reason == LWS_CALLBACK_HTTP_BODY_COMPLETION) {
        slot->finish();
    } else if (reason == LWS_CALLBACK_HTTP_WRITEABLE) {
        progress const written = slot->write();
        if (written == progress::more) return 0;
        bool const last = written == progress::failed || slot->closing();
        delete std::exchange(slot, nullptr); // lws may drop the per-session data now
        return last || lws_http_transaction_completed(wsi) != 0 ? -1 : 0;
    } else if (reason == LWS_CALLBACK_TIMER) {
        slot->tick();
    } else if (reason == LWS_CALLBACK_CLOSED_HTTP || reason == LWS_CALLBACK_HTTP_DROP_PROTOCOL) {
        delete std::exchange(slot, nullptr);
    } else {
        return std::nullopt;
    }
    return 0;
}

}

#endif
