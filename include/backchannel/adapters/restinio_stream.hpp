// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_ADAPTERS_RESTINIO_STREAM_HPP
#define BACKCHANNEL_ADAPTERS_RESTINIO_STREAM_HPP

#include <backchannel/http.hpp>
#include <backchannel/protocol/http1_response.hpp>
#include <backchannel/support/streamed_answer.hpp>

#include <restinio/all.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

// Answers that stream, for adapters/restinio.hpp.
namespace backchannel::inline BACKCHANNEL_ABI::adapters::restinio {

/// An answer that goes on until the connection ends, on a strand of its own.
class endless_answer final : public streamed_answer {
    using executor_type = ::restinio::asio_ns::strand<::restinio::asio_ns::any_io_executor>;
    using error_code = ::restinio::asio_ns::error_code;
    // below `handle_request_timeout`, 10 s unless it is set: so long RESTinio waits for something to write
    static constexpr std::chrono::milliseconds interval{5000};

public:
    template <class Extra>
    endless_answer(::restinio::generic_request_t<Extra>& r, executor_type executor, std::shared_ptr<body_stream> body)
        : streamed_answer{std::move(body), [executor](task t) { ::restinio::asio_ns::post(executor, std::move(t)); },
                          interval},
          executor_{executor}, timer_{executor}, id_{r.request_id()}, connection_{std::move(
                                                                          ::restinio::impl::access_req_connection(r))} {
    }

    /// `head`: the status line and the header.
    void begin(std::string head) {
        wait();
        (void)write(std::move(head));
    }

private:
    [[nodiscard]] std::shared_ptr<endless_answer> keep() {
        return std::static_pointer_cast<endless_answer>(shared_from_this());
    }

    bool write(std::string text) override {
        namespace server = ::restinio;
        server::writable_items_container_t items;
        items.emplace_back(std::move(text));
        server::write_group_t group{std::move(items)};
        // weak: a connection that ends with its io_context must not keep itself through what it did not write
        group.after_write_notificator([weak = std::weak_ptr{keep()}, executor = executor_](error_code const& error) {
            server::asio_ns::post(executor, [weak, failed = static_cast<bool>(error)] {
                auto const self = weak.lock();
                if (self && failed)
                    self->timer_.cancel(); // which has kept this
                else if (self)
                    self->written();
            });
        });
        connection_->write_response_parts(
            id_, {server::response_parts_attr_t::not_final_parts, server::response_connection_attr_t::connection_close},
            std::move(group));
        return false;
    }

    /// A client that takes nothing is given up by RESTinio itself, see `write_http_response_timelimit`.
    void end(bool whole) override {
        namespace server = ::restinio;
        timer_.cancel();
        if (whole)
            connection_->write_response_parts(
                id_, {server::response_parts_attr_t::final_parts, server::response_connection_attr_t::connection_close},
                server::write_group_t{server::writable_items_container_t{}});
    }

    void wait() {
        timer_.expires_after(interval / 2);
        timer_.async_wait([self = keep()](error_code const& error) {
            if (error) return;
            self->tick(std::chrono::steady_clock::now());
            if (!self->over()) self->wait();
        });
    }

    executor_type executor_;
    ::restinio::asio_ns::steady_timer timer_;
    ::restinio::request_id_t const id_;
    ::restinio::impl::connection_handle_t const connection_; // of one that has ended, until it is written to
};

/// Answers a request, from any thread, with what streams. `executor`: of the server's io_context.
template <class Extra>
void reply_endless(::restinio::generic_request_t<Extra>& r, ::restinio::asio_ns::any_io_executor executor,
                   response answer) {
    namespace server = ::restinio;
    server::http_response_header_t header{
        server::http_status_line_t{server::http_status_code_t{static_cast<std::uint16_t>(answer.status)},
                                   std::string{http1::reason_phrase(answer.status)}}};
    header.should_keep_alive(false);
    answer.headers.for_each(
        [&](header_view field) { header.add_field(std::string{field.name}, std::string{field.value}); });
    std::make_shared<endless_answer>(r, server::asio_ns::make_strand(executor), std::move(answer.stream))
        ->begin(server::impl::create_header_string(header,
                                                   server::impl::content_length_field_presence_t::skip_content_length));
}

}

#endif
