// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_MANAGEMENT_ROUTER_HPP
#define BACKCHANNEL_MANAGEMENT_ROUTER_HPP

#include <backchannel/concepts.hpp>
#include <backchannel/dialect/aws.hpp>
#include <backchannel/hub_ref.hpp>
#include <backchannel/incoming_request.hpp>
#include <backchannel/response_stamp.hpp>
#include <backchannel/support/guarded.hpp>
#include <backchannel/support/owned_request.hpp>
#include <backchannel/support/pinned.hpp>
#include <backchannel/traits.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// What a router is made of, apart from its Auth. Derive from it and name what is to be different.
struct default_router_traits {
    using clock = system_clocks;
    using hooks = no_hooks;      ///< `on_denied`
    using dialect = aws_dialect; ///< targets, statuses and bodies
};

/// The default traits with another dialect, such as `yandex_dialect`.
template <class Dialect>
struct router_traits_for : default_router_traits {
    using dialect = Dialect;
};

/// Answers the connection-management API for the connections of a hub.
///
///     backchannel::management_router router{hub, backchannel::sigv4{keys}, {.stage = "prod"}};
///     if (auto answer = router.handle(request)) return write(*answer);   // else the path is the application's own
///
/// Several routers (dialects, authorizers) can serve one hub: ask them in turn.
///
/// Thread safety: every member may be called from any thread at the same time if Auth may be. The hub must outlive the
/// router, and the router every request that it was given. Policies that throw are answered with 500 before anything
/// has been queued; nothing is thrown out of a request.
template <class Auth, class Traits = default_router_traits>
class management_router {
    static_assert(check_authorizer<Auth>());
    static_assert(check_router_traits<Traits>());

    using dialect_type = typename Traits::dialect;
    using call = typename dialect_type::call;

    static_assert(!has_performs<call> || has_permits<Auth>,
                  "this dialect reaches many connections in one call, and asks for each of them: Auth needs `bool "
                  "permits(backchannel::request_view const&, backchannel::principal const&, backchannel::operation, "
                  "std::string_view id)`; let it return true if its callers may reach every connection");

public:
    using auth_type = Auth;

    /// Whether Auth can hash two bodies side by side. Then a long one that is there as a whole is worth the copy into a
    /// request of `begin`.
    static constexpr bool hashes_side_by_side = piecewise<Auth>::joins;

    template <class Hub>
    management_router(Hub& hub, Auth auth, router_options options = {}, typename Traits::clock clock = {},
                      typename Traits::hooks hooks = {})
        : hub_{hub}, dialect_{options}, clock_{std::move(clock)}, hooks_{std::move(hooks)}, auth_{std::move(auth)} {
        if constexpr (has_configure<Auth>) auth_.configure(options);
    }

    management_router(management_router const&) = delete;
    management_router& operator=(management_router const&) = delete;

    /// Answers that stream may outlive it: they show nothing more then.
    ~management_router() { here_.reset(); }

    /// Whether this router answers for the target; can be asked before the body is read.
    [[nodiscard]] bool owns(std::string_view target, target_form form = target_form::raw) const noexcept {
        return dialect_.owns(target, form);
    }

    /// Bytes of body that are worth reading for the target; a longer one will be refused whatever it is.
    [[nodiscard]] std::size_t max_body(std::string_view target, target_form form = target_form::raw) const noexcept {
        return owns(target, form) ? max_body() : 0;
    }
    /// The same for any target that it answers for.
    [[nodiscard]] std::size_t max_body() const noexcept { return dialect_.max_body(); }

    /// Answers a request before it returns; nullopt: not ours.
    ///
    /// Never waits. A message for a connection of another thread is answered 200 once it is queued; `async_handle`
    /// waits for that thread's answer instead. Needs an Auth that answers at once.
    [[nodiscard]] std::optional<response> handle(request_view const& request) {
        static_assert(has_authorize<Auth>, "handle() needs an Auth with authorize(); this one takes its time: use "
                                           "async_handle()");
        call const c = dialect_.read(request.method, request.target, request.form);
        if (!c.ours) return std::nullopt;
        if (auto const early = check_head(c, request.body.size())) return failed(*early, c);
        auth_decision const decision = decide(request, c);
        if (!decision.allowed()) return denied(decision, c);
        auto const content = dialect_.read_body(c, request.body);
        if (auto refusal = check_content(c, request, content, decision.who)) return refusal;
        if (performs(c)) return performed(c, request, content.message(), decision.who);
        shared_message const taken = taken_over(request, content.message());
        message const m = taken ? message{taken} : content.message();
        std::string const key = send_key(request, decision.who);
        command const asked = command_for(c, m, patience::queued, key);
        if (asked.is_plain_send()) return answer(c, *hub_.send(asked));
        outcome result;
        execute(asked, result);
        return answer(c, result);
    }

    /// Answers a request through `done(response)`, exactly once: inline, or on the thread of Auth or of the connection.
    ///
    /// False: not ours, and `done` is not called. What outlives the call is copied. Where the request goes on when Auth
    /// has decided late, and whether, `done` may say: see `has_home`; otherwise that is on Auth's thread.
    template <class F>
    bool async_handle(request_view const& request, F done) {
        static_assert(std::is_invocable_v<F&, response>,
                      "async_handle needs a callable `void done(backchannel::response)` as second argument");
        call const c = dialect_.read(request.method, request.target, request.form);
        if (!c.ours) return false;
        if (auto const early = check_head(c, request.body.size())) {
            done(failed(*early, c));
        } else if constexpr (has_authorize<Auth>) {
            proceed(c, request, decide(request, c), std::move(done));
        } else {
            auto kept = std::make_unique<pending<F>>(*this, c, request, std::move(done));
            auto* const p = kept.get();
            (void)guarded([&] {
                if constexpr (has_async_authorize<Auth>) {
                    auth_.async_authorize(p->view, c.what, p->target.target.id(), pending<F>::resume(std::move(kept)));
                } else {
                    auto state = auth_.begin(p->view, c.what, p->target.target.id());
                    state.append(p->view.body);
                    state.finish(pending<F>::resume(std::move(kept)));
                }
            });
            // Auth threw before it was given the completion, which answers for itself
            if (kept) p->done(failed(failure::internal, c));
        }
        return true;
    }

    /// A request whose body is still arriving.
    using incoming = incoming_request<management_router>;

    /// Reads the head of a request; the body follows through `append`, which hashes it as it comes if Auth can.
    /// `expected`: the bytes of the body, if they are known. `lanes`: of the event loop on which the body arrives, so
    /// that Auth can hash two bodies side by side; it outlives the request.
    [[nodiscard]] incoming begin(request_view const& head, std::size_t expected = 0,
                                 crypto::sha256_lanes* lanes = nullptr) {
        return {*this, head, expected, lanes};
    }

private:
    friend incoming;

    /// A request that waits for its authorizer.
    template <class F>
    struct pending {
        management_router& router;
        call target;
        owned_request kept;
        request_view view;
        F done;

        pending(management_router& r, call const& c, request_view const& request, F f)
            : router{r}, target{c}, kept{request}, view{kept.view()}, done{std::move(f)} {}

        [[nodiscard]] static completion<auth_decision> resume(std::unique_ptr<pending> self) {
            return [self = std::move(self)](auth_decision decision) mutable {
                auto home = home_of(self->done);
                home([self = std::move(self), decision = std::move(decision)]() mutable {
                    self->router.proceed(self->target, self->view, std::move(decision), std::move(self->done));
                });
            };
        }
    };

    [[nodiscard]] std::optional<failure> check_head(call const& c, std::size_t body_size) const noexcept {
        if (c.refused) return c.refused;
        if (body_size > dialect_.max_body()) return failure::too_large;
        return std::nullopt;
    }

    [[nodiscard]] auth_decision decide(request_view const& request, call const& c) {
        return guarded_or([&] { return auth_.authorize(request, c.what, c.target.id()); },
                          [] { return auth_decision::refuse(auth_error::internal); });
    }

    /// The answer to a call that is permitted, but not with that body.
    template <class Content>
    [[nodiscard]] std::optional<response> check_content(call const& c, request_view const& request,
                                                        Content const& content, principal const& who) {
        if (!content.complaint().empty())
            return finished([&](response& r) { dialect_.fail(r, failure::bad_body, content.complaint()); });
        if constexpr (has_sends<call>) {
            // a last message is a send as well; if it is for many, each of them is asked for
            std::string_view const id = c.target.id();
            if (!id.empty() && c.says_last(content.message()) && !grants(request, who, operation::post, id))
                return denied(auth_decision::refuse(auth_error::not_permitted, {}, who), operation::post, id);
        }
        return std::nullopt;
    }

    /// A message that is a whole body, in the memory where that came, if it may be taken over; else nothing.
    [[nodiscard]] static shared_message taken_over(request_view const& request, message const& m) noexcept {
        if (request.body_memory == nullptr) return {};
        std::string_view const there = request.body_memory->data();
        bool const is_all = m.data().data() == there.data() && m.data().size() == there.size();
        shared_message const shared = is_all ? request.body_memory->share(m.kind()) : shared_message{};
        return shared.kind() == m.kind() ? shared : shared_message{}; // it has been shared before
    }

    /// What names a send, if the dialect knows of that: the caller, and the key that it gave.
    [[nodiscard]] std::string send_key(request_view const& request, principal const& who) const {
        std::string key;
        if constexpr (has_send_key<dialect_type>)
            if (std::string_view const given = dialect_.send_key(request); !given.empty())
                key.append(who.name.view()).append(1, '\0').append(given);
        return key;
    }

    [[nodiscard]] command command_for(call const& c, message const& body, patience wait,
                                      std::string_view key) const noexcept {
        command asked{command::kind::find, c.target.id()};
        if (c.what == operation::post) {
            asked.what = command::kind::send;
            asked.body = &body;
            asked.wait = wait;
            asked.key = key;
            if constexpr (has_terms_of<dialect_type>) asked.terms = dialect_.terms_of(c, clock_.steady());
        } else if (c.what == operation::del) {
            asked.what = command::kind::close;
            asked.frame = dialect_type::disconnect;
        }
        return asked;
    }

    /// Runs a command that answers before it returns.
    void execute(command const& what, outcome& result) {
        hub_.execute(what, [&result](outcome&& o) { result = std::move(o); });
    }

    template <class F>
    void proceed(call const& c, request_view const& request, auth_decision decision, F done) {
        if (!decision.allowed()) return done(denied(decision, c));
        auto const content = dialect_.read_body(c, request.body);
        if (auto refusal = check_content(c, request, content, decision.who)) return done(*std::move(refusal));
        if (sends(c)) return send(c, request, content.message(), decision.who, std::move(done));
        if (performs(c)) return done(performed(c, request, content.message(), decision.who));
        shared_message const taken = taken_over(request, content.message());
        message const m = taken ? message{taken} : content.message();
        std::string const key = send_key(request, decision.who);
        command asked = command_for(c, m, patience::inline_only, key);
        if (asked.is_plain_send()) {
            if (auto const sent = hub_.send(asked)) return done(answer(c, *sent));
        } else {
            outcome result;
            execute(asked, result);
            if (!result.deferred) return done(answer(c, result));
        }
        asked.wait = patience::owner;
        hub_.execute(
            asked, [this, done = std::move(done), what = c.what](outcome const& o) mutable {
                // it was found open a moment ago, so there is no question of what the id ever was
                done(guarded_or([&] { return rendered(what, o, {}); }, lost<response>::value));
            });
    }

    [[nodiscard]] response answer(call const& c, delivery sent) {
        if (sent != delivery::accepted) return answer(c, outcome{sent});
        return finished([&](response& r) { dialect_.succeed(r, c.what, nullptr, c.target.id()); });
    }

    [[nodiscard]] response answer(call const& c, outcome const& result) {
        if (result.unsupported) return failed(failure::unsupported, c);
        if (result.result == delivery::gone) {
            outcome why;
            hub_.execute({command::kind::explain, c.target.id()}, [&why](outcome&& o) { why = std::move(o); });
            return failed(why.malformed ? failure::malformed_id
                          : why.closed  ? failure::gone
                                        : failure::never_open,
                          c);
        }
        return rendered(c.what, result, c.target.id());
    }

    [[nodiscard]] response rendered(operation what, outcome const& result, std::string_view id) {
        return finished([&](response& r) {
            switch (result.result) {
            case delivery::accepted:
                return dialect_.succeed(r, what, result.state ? &*result.state : nullptr, id);
            case delivery::backpressure:
                return dialect_.fail(r, failure::backpressure, id);
            case delivery::gone:
                return dialect_.fail(r, failure::gone, id);
            case delivery::unavailable:
                return dialect_.fail(r, failure::unavailable, id);
            case delivery::unknown:
                return dialect_.fail(r, failure::unknown, id);
            case delivery::expired:
                return dialect_.fail(r, failure::expired, id);
            }
        });
    }

    /// Whether the dialect has commands of its own for the call.
    [[nodiscard]] static bool performs(call const& c) noexcept {
        if constexpr (has_performs<call>) return c.performs();
        else return false;
    }

    [[nodiscard]] response performed(call const& c, request_view const& request, message const& m,
                                     principal const& who) {
        return finished([&](response& r) {
            if constexpr (has_performs<call>) {
                auto const perform = [&](auto may) {
                    dialect_.perform(r, hub_, c, m, request, clock_.steady(), std::move(may));
                };
                if (!c.streams())
                    return perform([&](operation what, std::string_view id) { return grants(request, who, what, id); });
                struct caller {
                    owned_request request;
                    principal who;
                };
                std::shared_ptr<caller> const kept{new caller{owned_request::head_of(request), who}};
                perform([here = here_, kept](operation what, std::string_view id) {
                    return here.use(false, [&](management_router& router) {
                        return router.grants(kept->request.view(), kept->who, what, id);
                    });
                });
            }
        });
    }

    /// Whether such a call may have to wait for connections of other threads.
    [[nodiscard]] static bool sends(call const& c) noexcept {
        if constexpr (has_sends<call>) return c.sends();
        else return false;
    }

    template <class F>
    void send(call const& c, request_view const& request, message const& m, principal const& who, F done) {
        if constexpr (has_sends<call>) {
            auto const may = [&](operation what, std::string_view id) { return grants(request, who, what, id); };
            auto answer_by = [this, done = std::move(done)](auto const& write) mutable {
                done(guarded_or(
                    [&] {
                        return finished([&](response& r) {
                            if (write) write(r);
                            else dialect_.fail(r, failure::internal, call{});
                        });
                    },
                    [] { return lost<response>::value(); }));
            };
            dialect_.send(hub_, c, m, clock_.steady(), may, patience::owner, std::move(answer_by));
        }
    }

    /// Whether the caller may do that to one more connection.
    [[nodiscard]] bool grants(request_view const& asking, principal const& who, operation what, std::string_view id) {
        bool granted = false; // a throw must not hide what others have got already
        if constexpr (has_permits<Auth>)
            (void)guarded([&] { granted = auth_.permits(asking, who, what, id); });
        return granted;
    }

    [[nodiscard]] response failed(failure why, call const& c) {
        return finished([&](response& r) {
            if constexpr (has_performs<call>) dialect_.fail(r, why, c);
            else dialect_.fail(r, why, c.target.id());
        });
    }

    [[nodiscard]] response denied(auth_decision const& why, call const& c) { return denied(why, c.what, c.target.id()); }

    [[nodiscard]] response denied(auth_decision const& why, operation what, std::string_view id) {
        if constexpr (has_on_denied<typename Traits::hooks>) hooks_.on_denied(why, what, id);
        return finished([&](response& r) { dialect_.deny(r, why, what, id); });
    }

    template <class Write>
    [[nodiscard]] response finished(Write&& write) {
        response r;
        stamp_.apply(r, clock_.wall(), dialect_type::request_id_header);
        write(r);
        return r;
    }

    pinned<management_router> here_{*this};
    hub_ref hub_;
    dialect_type dialect_;
    response_stamp stamp_;
    [[no_unique_address]] typename Traits::clock clock_;
    [[no_unique_address]] typename Traits::hooks hooks_;
    Auth auth_; // last: what it still owes when it is destroyed is answered with the help of the others
};

template <class Hub, class Auth>
management_router(Hub&, Auth) -> management_router<Auth>;
template <class Hub, class Auth>
management_router(Hub&, Auth, router_options) -> management_router<Auth>;

}

#endif
