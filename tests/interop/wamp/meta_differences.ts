/**
 * The committed table of how Crossbar.io's meta API differs from Viaduct's in the scenario, and what the specification
 * says of it. A difference that is not here fails, and so does one here that is no more.
 *
 * @module
 */

/** A difference, explained. */
export interface Explanation {
  /** What differs. */
  readonly title: string;
  /** The section of the specification that decides, or leaves the choice. */
  readonly section: string;
  /** What it says, and which router does so. */
  readonly why: string;
  /** The differences, as they are printed, with `*` for anything. Each must occur. */
  readonly differences: readonly string[];
}

/** How many answers and lists of events are compared: fewer would show less. */
export const COMPARED = 165;

const SESSION_KEYS = ["realm", "authextra", "serializer", "resumed", "resumable", "resume_token"];

/** Every difference. */
export const EXPLANATIONS: readonly Explanation[] = [
  {
    title: "an argument that is missing, or of a wrong type",
    section: "Basic Profile URIs",
    why: 'wamp.error.invalid_argument is for "argument types or values" that "are not acceptable to the called ' +
      'procedure". Crossbar.io answers as it does for any exception of a Python function.',
    differences: [
      'wamp.session.*(*): Viaduct "error wamp.error.invalid_argument", Crossbar.io "error wamp.error.runtime_error"',
      'wamp.registration.*(*): Viaduct "error wamp.error.invalid_argument", Crossbar.io "error wamp.error.runtime_error"',
      'wamp.subscription.*(*): Viaduct "error wamp.error.invalid_argument", Crossbar.io "error wamp.error.runtime_error"',
    ],
  },
  {
    title: "a scope of testaments that there is not",
    section: "Session Testament",
    why:
      "It names the scopes and no error; wamp.error.testament_error is Crossbar.io's own, invalid_argument is predefined.",
    differences: [
      'wamp.session.flush_testaments(scope: "never"): Viaduct "error wamp.error.invalid_argument", Crossbar.io "error wamp.error.testament_error"',
      'wamp.session.add_testament(*, scope: "never"): Viaduct "error wamp.error.invalid_argument", Crossbar.io "error wamp.error.testament_error"',
    ],
  },
  {
    title: "what testaments answer",
    section: "Session Testament",
    why: '"wamp.session.add_testament does not return a value", nor does flush_testaments. Crossbar.io returns a ' +
      "publication, and how many were flushed.",
    differences: [
      'wamp.session.add_testament(*): Viaduct [], Crossbar.io ["some number"]',
      "wamp.session.flush_testaments(*): Viaduct [], Crossbar.io [*]",
    ],
  },
  {
    title: "what procedures without results answer",
    section: "Session Meta API",
    why:
      "wamp.session.kill has no results, so that there are no arguments. Crossbar.io sends null, as a Python function " +
      "returns None; so it does for remove_subscriber, which is its own.",
    differences: [
      "wamp.session.kill(*): Viaduct [], Crossbar.io [null]",
      "wamp.subscription.remove_subscriber(com.example.news, a): Viaduct [], Crossbar.io [null]",
    ],
  },
  {
    title: "what else is told of a session",
    section: "Session Meta API",
    why: "wamp.session.get and on_join have session, authid, authrole, authmethod, authprovider and transport. " +
      "Crossbar.io adds what it knows beside that.",
    differences: SESSION_KEYS.flatMap((key) => [
      `wamp.session.get(a)[0].${key}: Viaduct nothing, Crossbar.io *`,
      `*: wamp.session.on_join[*][0].${key}: Viaduct nothing, Crossbar.io *`,
    ]),
  },
  {
    title: "who has left",
    section: "Session Meta API, wamp.session.on_leave",
    why:
      '"The event payload consists of three positional arguments": session, authid, authrole. Crossbar.io sends the ' +
      "session alone.",
    differences: [
      '*: wamp.session.on_leave[*]: Viaduct ["*","*\'s","anonymous"], Crossbar.io ["*"]',
    ],
  },
  {
    title: "whose registration or subscription has ended with its session",
    section: "Registration Meta API and Subscriptions Meta API",
    why: "on_unregister, on_unsubscribe and on_delete name the session, which Crossbar.io has forgotten by then.",
    differences: [
      'leaving: wamp.registration.on_unregister[0][0]: Viaduct "a", Crossbar.io null',
      'leaving: wamp.registration.on_delete[0][0]: Viaduct "a", Crossbar.io null',
      'executing testaments: wamp.subscription.on_unsubscribe[0][0]: Viaduct "b", Crossbar.io null',
      'executing testaments: wamp.subscription.on_delete[0][0]: Viaduct "b", Crossbar.io null',
    ],
  },
  {
    title: "when on_leave comes",
    section: "Session Meta API; Session Testament",
    why: "It orders the events of one registration or subscription, not those of a session that ends. With Viaduct a " +
      "session has left when nothing of it is left, with Crossbar.io before.",
    differences: [
      'leaving: order of events[0]: Viaduct "wamp.registration.on_unregister", Crossbar.io "wamp.session.on_leave"',
      'leaving: order of events[1]: Viaduct "wamp.registration.on_delete", Crossbar.io "wamp.registration.on_unregister"',
      'leaving: order of events[2]: Viaduct "wamp.session.on_leave", Crossbar.io "wamp.registration.on_delete"',
      'executing testaments: order of events[0]: Viaduct "com.example.will", Crossbar.io "wamp.session.on_leave"',
      'executing testaments: order of events[2]: Viaduct "wamp.subscription.on_unsubscribe", Crossbar.io "com.example.will"',
      'executing testaments: order of events[3]: Viaduct "wamp.subscription.on_delete", Crossbar.io "wamp.subscription.on_unsubscribe"',
      'executing testaments: order of events[4]: Viaduct "wamp.session.on_leave", Crossbar.io "wamp.subscription.on_delete"',
    ],
  },
  {
    title: "subscriptions to the topics of the meta API",
    section: "Subscriptions Meta API",
    why:
      'on_create is fired when a subscription is created "to a topic which was previously without subscribers", and ' +
      "list retrieves subscriptions, with no exception. Crossbar.io keeps quiet about topics under wamp.",
    differences: [
      'observing: order of events: Viaduct ["wamp.subscription.on_create","wamp.subscription.on_create","wamp.subscription.on_subscribe","wamp.subscription.on_create","wamp.subscription.on_subscribe","wamp.subscription.on_create","wamp.subscription.on_subscribe","wamp.subscription.on_create","wamp.subscription.on_subscribe","wamp.subscription.on_create","wamp.subscription.on_subscribe"], Crossbar.io ["wamp.subscription.on_create","wamp.subscription.on_subscribe","wamp.subscription.on_create","wamp.subscription.on_subscribe"]',
      'observing: wamp.subscription.on_create: Viaduct [["observer",{"id":"wamp.subscription.on_create","created":"a time","uri":"wamp.subscription.on_create","match":"exact"}],["observer",{"id":"wamp.subscription.on_subscribe","created":"a time","uri":"wamp.subscription.on_subscribe","match":"exact"}],["observer",{"id":"wamp.subscription.on_unsubscribe","created":"a time","uri":"wamp.subscription.on_unsubscribe","match":"exact"}],["observer",{"id":"wamp.subscription.on_delete","created":"a time","uri":"wamp.subscription.on_delete","match":"exact"}],["observer",{"id":"com.example.will","created":"a time","uri":"com.example.will","match":"exact"}],["observer",{"id":"com.example.fence","created":"a time","uri":"com.example.fence","match":"exact"}]], Crossbar.io [["observer",{"id":"com.example.will","created":"a time","uri":"com.example.will","match":"exact"}],["observer",{"id":"com.example.fence","created":"a time","uri":"com.example.fence","match":"exact"}]]',
      'observing: wamp.subscription.on_subscribe: Viaduct [["observer","wamp.subscription.on_subscribe"],["observer","wamp.subscription.on_unsubscribe"],["observer","wamp.subscription.on_delete"],["observer","com.example.will"],["observer","com.example.fence"]], Crossbar.io [["observer","com.example.will"],["observer","com.example.fence"]]',
      'wamp.subscription.list()[0].exact: Viaduct ["com.example.fence","com.example.topic","com.example.will","wamp.registration.on_create","wamp.registration.on_delete","wamp.registration.on_register","wamp.registration.on_unregister","wamp.session.on_join","wamp.session.on_leave","wamp.subscription.on_create","wamp.subscription.on_delete","wamp.subscription.on_subscribe","wamp.subscription.on_unsubscribe"], Crossbar.io ["com.example.fence","com.example.topic","com.example.will"]',
    ],
  },
  {
    title: "wildcard subscriptions in the list",
    section: "Subscriptions Meta API, wamp.subscription.list",
    why: 'It retrieves "subscription IDs listed according to match policies". Crossbar.io finds the subscription by ' +
      "lookup, match and get, and leaves it out here.",
    differences: ['wamp.subscription.list()[0].wildcard: Viaduct ["com..topic"], Crossbar.io []'],
  },
  {
    title: "taking a callee out of a registration",
    section: "Registration Revocation; Registration Meta API",
    why:
      "A callee that is removed is told of by on_unregister and on_delete. The procedure is Crossbar.io's, and fails " +
      "there.",
    differences: [
      'wamp.registration.remove_callee(com.example.add, a): Viaduct [], Crossbar.io "error wamp.error.runtime_error"',
      'unregistering: order of events: Viaduct ["wamp.registration.on_unregister","wamp.registration.on_delete","wamp.registration.on_unregister","wamp.registration.on_unregister","wamp.registration.on_delete","wamp.registration.on_unregister","wamp.registration.on_delete"], Crossbar.io ["wamp.registration.on_unregister","wamp.registration.on_unregister","wamp.registration.on_delete","wamp.registration.on_unregister","wamp.registration.on_delete"]',
      'unregistering: wamp.registration.on_unregister: Viaduct [["a","com.example.add"],["b","com.example.shared"],["a","com.example.shared"],["a","com.example.files"]], Crossbar.io [["b","com.example.shared"],["a","com.example.shared"],["a","com.example.files"]]',
      'unregistering: wamp.registration.on_delete: Viaduct [["a","com.example.add"],["a","com.example.shared"],["a","com.example.files"]], Crossbar.io [["a","com.example.shared"],["a","com.example.files"]]',
    ],
  },
  {
    title: "the reason that a killed session is told",
    section: "Session Meta API, wamp.session.kill",
    why: '"if not provided the reason defaults to wamp.close.killed". Crossbar.io takes wamp.close.normal.',
    differences: ['what d is told.reason: Viaduct "wamp.close.killed", Crossbar.io "wamp.close.normal"'],
  },
  {
    title: "a reason that is no URI",
    section: "Session Meta API, wamp.session.kill",
    why: 'wamp.error.invalid_uri is for "a reason keyword argument" that "is not a valid non-empty URI". Crossbar.io ' +
      "passes it on.",
    differences: [
      'wamp.session.kill(e, reason: "no uri"): Viaduct "error wamp.error.invalid_uri", Crossbar.io [null]',
      'wamp.session.kill_by_authid(h\'s, reason: "no uri"): Viaduct "error wamp.error.invalid_uri", Crossbar.io [["h"]]',
    ],
  },
  {
    title: "whether the caller is ended itself",
    section: "Session Meta API, wamp.session.kill, kill_by_authid and kill_by_authrole",
    why:
      '"Specifying the caller\'s own session will result in a wamp.error.no_such_session", and "the caller\'s session ' +
      'is excluded from the closed sessions". Crossbar.io ends the caller as well.',
    differences: [
      'wamp.session.kill(f): Viaduct "error wamp.error.no_such_session", Crossbar.io "the caller is ended by wamp.close.normal"',
      'wamp.session.kill_by_authid(j\'s): Viaduct [[]], Crossbar.io "the caller is ended by wamp.close.normal"',
      'wamp.session.kill_by_authrole("anonymous"): Viaduct [0], Crossbar.io "the caller is ended by wamp.close.normal"',
    ],
  },
  {
    title: "how many sessions of a role were ended",
    section: "Session Meta API, wamp.session.kill_by_authrole",
    why: 'Its result is "count|int". Crossbar.io answers with the list of sessions.',
    differences: [
      'wamp.session.kill_by_authrole("nobody")[0]: Viaduct 0, Crossbar.io []',
      'wamp.session.kill_by_authrole("anonymous", *)[0]: Viaduct 1, Crossbar.io ["i"]',
    ],
  },
  {
    title: "ending all sessions",
    section: "Session Meta API, wamp.session.kill_all",
    why:
      "Viaduct has it, ends the others without meta events, and answers how many they were. Crossbar.io has it not, so " +
      "that the session leaves by itself.",
    differences: [
      'wamp.session.kill_all(*): Viaduct [1], Crossbar.io "error wamp.error.no_such_procedure"',
      "wamp.session.count() again, 2[0]: Viaduct 1, Crossbar.io 2",
      'what l is told.reason: Viaduct "com.example.closing", Crossbar.io "wamp.close.normal"',
      'what l is told.message: Viaduct "Good night", Crossbar.io ""',
      'killing all: order of events: Viaduct ["wamp.session.on_join"], Crossbar.io ["wamp.session.on_join","wamp.session.on_leave"]',
      'killing all: wamp.session.on_leave: Viaduct nothing, Crossbar.io [["l"]]',
    ],
  },
];
