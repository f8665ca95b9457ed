//! One document: inputs go to its [`room::Room`], outputs are performed. Nothing is decided here.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::worker_sys::WebSocketRequestResponsePair;
use worker::{DurableObject, Env, Request, Response, Result, State, WebSocketPair, durable_object};

use super::entrance::Line;
use super::fault::{self, InHand, Work};
use super::logs::Logs;
use super::storage::RoomStorage;
use super::{entrance, instances, line, platform, refuse, route_of, schemas, trace_of};
use crate::access::{Access, Visitor};
use crate::protocol::bearer::answered_subprotocol;
use crate::protocol::route::{Problem, Route};
use crate::protocol::{Close, Dialect, PING, PONG, Trace};
use crate::room::{self, Carrier, Input, LogError, Output, SessionId};
use crate::time::Millis;

/// The Durable Object of one document.
#[durable_object(alarm)]
pub struct Room {
    cell: Rc<Cell>,
}

/// What the object's handlers and its timer share.
pub(super) struct Cell {
    pub(super) state: State,
    pub(super) env: Env,
    /// The document's name, for those who run the room.
    pub(super) document: String,
    pub(super) logs: Logs,
    pub(super) storage: RoomStorage,
    limits: std::result::Result<room::Limits, room::LimitError>,
    /// Nothing until something happens, and after a failure.
    pub(super) live: RefCell<Option<Live>>,
    /// What was seen of a room that was abandoned.
    observed: RefCell<Option<room::Observed>>,
    /// A deletion that is under way: a promise.
    pub(super) deletion: RefCell<Option<js_sys::Promise>>,
    /// Whether [`Input::Commit`] is on its way.
    commit_is_due: std::cell::Cell<bool>,
}

pub(super) struct Live {
    pub(super) room: room::Room,
    sockets: BTreeMap<SessionId, web_sys::WebSocket>,
}

impl DurableObject for Room {
    fn new(state: State, env: Env) -> Self {
        if let Ok(pair) = WebSocketRequestResponsePair::new(PING, PONG) {
            state.set_websocket_auto_response(&pair);
        }
        let storage = RoomStorage::new(state.storage());
        let limits = room::Limits::read(|name| env.var(name).ok().map(|value| value.to_string()));
        let (live, observed, deletion) =
            (RefCell::default(), RefCell::default(), RefCell::default());
        let commit_is_due = std::cell::Cell::new(false);
        let document = state.id().name().unwrap_or_default();
        let logs = Logs::read(&env);
        let cell = Cell {
            state,
            env,
            document,
            logs,
            storage,
            limits,
            live,
            observed,
            deletion,
            commit_is_due,
        };
        let cell = Rc::new(cell);
        instances::replace(&cell);
        Self { cell }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        if let Err(error) = &self.cell.limits {
            self.cell.complain("setting", error);
            return refuse(Problem::Setting);
        }
        let dialect = match route_of(&request) {
            Ok(Route::Sync { dialect, .. }) => dialect,
            Ok(Route::Say { session, .. }) => return self.cell.say(&session, request).await,
            Ok(Route::Document { ask, .. }) => return self.cell.answer(&ask, request).await,
            Ok(Route::Ready) => return self.cell.probe(),
            Ok(Route::Status { .. }) => return self.cell.status(),
            Ok(Route::Metrics { .. }) => return self.cell.metrics(),
            Ok(_) => return refuse(Problem::NotFound),
            Err(problem) => return refuse(problem),
        };
        let Some(access) = entrance::access_of(&request) else { return refuse(Problem::Token) };
        let line = entrance::line_of(&request);
        // Before it is one of the room's: closed at once, such a socket would keep it awake.
        if self.cell.turns_away(&access) {
            if line == Some(Line::Follower) {
                return refuse(Problem::Forbidden);
            }
            return entrance::close_at_once(&request, Close::Forbidden);
        }
        let pair = WebSocketPair::new()?;
        let by = (trace_of(&request), line);
        self.cell.connect(pair.server.as_ref(), dialect, by, &access)?;
        let response = Response::from_websocket(pair.client)?;
        let subprotocols = request.headers().get("sec-websocket-protocol")?;
        if let Some(answered) = answered_subprotocol(subprotocols.as_deref()) {
            response.headers().set("sec-websocket-protocol", answered)?;
        }
        Ok(response)
    }

    async fn alarm(&self) -> Result<Response> {
        self.cell.tell_pings();
        self.cell.run(Input::Alarm);
        Response::empty()
    }
}

/// What the platform calls about sockets. The crate `worker` would make each call a promise, which
/// costs more than what the room does with a keystroke.
#[wasm_bindgen]
impl Room {
    /// A frame arrived.
    #[wasm_bindgen(js_name = webSocketMessage)]
    pub fn websocket_message(&self, socket: &web_sys::WebSocket, message: &JsValue) {
        let Some(session) = self.cell.session(socket) else { return };
        match message.dyn_ref::<ArrayBuffer>() {
            Some(buffer) => {
                let bytes = Uint8Array::new(buffer).to_vec();
                self.cell.take(Input::Frame { session, bytes: &bytes });
            }
            None if self.cell.goes_on(socket, message) => {}
            None => self.cell.take(Input::Text { session }),
        }
    }

    /// The client closed the socket, or it broke.
    #[wasm_bindgen(js_name = webSocketClose)]
    pub fn websocket_close(&self, socket: &web_sys::WebSocket, code: u16, reason: &str) {
        self.cell.disconnect(socket);
        platform::answer_close(socket, code, reason);
    }

    /// The socket failed; no close follows.
    #[wasm_bindgen(js_name = webSocketError)]
    pub fn websocket_error(&self, socket: &web_sys::WebSocket) {
        self.cell.disconnect(socket);
    }
}

impl Cell {
    fn connect(
        self: &Rc<Self>,
        socket: &web_sys::WebSocket,
        dialect: Dialect,
        (trace, line): (Option<Trace>, Option<Line>),
        access: &Access,
    ) -> Result<()> {
        let mut slot = self.live.borrow_mut();
        let live = match self.wake(&mut slot) {
            Ok(live) => live,
            Err(error) => {
                self.complain("not-opened", &error);
                return Ok(platform::turn_away(socket, Close::from(error))?);
            }
        };
        let session = live.room.next_session();
        let (carrier, tags) = match &line {
            Some(Line::Poll { session, number }) => {
                (Carrier::Poll, line::tags(session, number).to_vec())
            }
            Some(Line::Follower) => (Carrier::Events, Vec::new()),
            None => (Carrier::Socket, Vec::new()),
        };
        platform::accept(socket, self.state.as_raw(), session.0, &tags)?;
        live.sockets.insert(session, socket.clone());
        drop(slot);
        self.run(Input::Connect { session, dialect, carrier, trace, access });
        Ok(())
    }

    pub(super) fn disconnect(self: &Rc<Self>, socket: &web_sys::WebSocket) {
        if let Some(session) = self.session(socket) {
            self.take(Input::Disconnect { session });
            if let Some(live) = self.live.borrow_mut().as_mut() {
                live.sockets.remove(&session);
            }
        }
    }

    /// An input that may leave something to commit. The commit is asked for first: see
    /// [`fault::commit_in`].
    pub(super) fn take(self: &Rc<Self>, input: Input<'_>) {
        if !self.commit_is_due.replace(true) {
            let cell = Rc::clone(self);
            let live = self.live.borrow();
            let ms = live.as_ref().map_or(0, |live| live.room.commit_waits_ms(platform::now()));
            drop(live);
            fault::commit_in(ms, true, self.state.as_raw(), move || {
                cell.commit_is_due.set(false);
                cell.run(Input::Commit);
            });
        }
        self.run(input);
    }

    /// Check a token that a session showed.
    fn verify(self: &Rc<Self>, session: SessionId, token: String) {
        let cell = Rc::clone(self);
        wasm_bindgen_futures::spawn_local(async move {
            let visitor = Visitor {
                is_operator: false,
                token: Some(&token),
                says_later: false,
                origin: None,
                host: "",
            };
            let access = entrance::admit(&cell.env, &visitor, &cell.document).await;
            let access = access.as_ref().map_err(|exclusion| Close::from(*exclusion));
            cell.take(Input::Admitted { session, access });
        });
    }

    fn tell_pings(self: &Rc<Self>) {
        let state = self.state.as_raw();
        for socket in self.state.get_websockets() {
            let at = platform::pinged_at(socket.as_ref(), state);
            if let Some((session, at)) = self.session(socket.as_ref()).zip(at) {
                self.run(Input::Pinged { session, at });
            }
        }
    }

    fn set_timer(self: &Rc<Self>, in_ms: u64) {
        let cell = Rc::clone(self);
        fault::commit_in(in_ms, false, self.state.as_raw(), move || cell.run(Input::Commit));
    }

    /// Setting an alarm is asynchronous, but nobody has to wait: it is one more write of this turn.
    fn set_alarm(self: &Rc<Self>, in_ms: u64) {
        let cell = Rc::clone(self);
        wasm_bindgen_futures::spawn_local(async move {
            let storage = cell.state.storage();
            if let Err(error) = storage.set_alarm(Duration::from_millis(in_ms)).await {
                cell.complain("no-alarm", &error);
            }
        });
    }

    /// Hand an input to the room and do what it says, up to the first thing that fails.
    pub(super) fn run(self: &Rc<Self>, input: Input<'_>) {
        let mut slot = self.live.borrow_mut();
        let live = match self.wake(&mut slot) {
            Ok(live) => live,
            Err(error) => return self.abandon(&mut slot, Close::from(error.clone()), &error),
        };
        let work = match input {
            Input::Commit => Work::Commit,
            Input::Frame { session, bytes } => {
                live.room.suspect(session, bytes).map_or(Work::Other, Work::Suspect)
            }
            _ => Work::Other,
        };
        let _in_hand = InHand::note(self.state.as_raw(), &work);
        let now = platform::now();
        for output in live.room.handle(now, input, &self.storage) {
            if output == Output::Abandon {
                let error = LogError::Storage("it has to be loaded again".into());
                return self.abandon(&mut slot, Close::Restarted, &error);
            }
            if let Err(error) = self.perform(now, live, output) {
                return self.abandon(&mut slot, Close::Storage, &error);
            }
        }
        if self.deletion.borrow().is_some()
            && let Some(live) = slot.take()
        {
            self.observed.replace(Some(live.room.into_deleted()));
        }
    }

    fn perform(
        self: &Rc<Self>,
        now: Millis,
        live: &mut Live,
        output: Output,
    ) -> std::result::Result<(), LogError> {
        match output {
            Output::Append(row) => {
                self.storage.append(&row)?;
                fault::committed();
            }
            Output::Compact { snapshot, row } => self.storage.compact(&snapshot, &row)?,
            Output::Name { number, subject } => self.storage.name(number, &subject)?,
            Output::Erase { number } => self.storage.erase(number)?,
            Output::Schema(schema) => self.storage.keep_schema(&schema)?,
            Output::Revoked(revoked) => self.storage.keep_revoked(&revoked)?,
            Output::Delete(revoked) => {
                let deletion = self.storage.delete_all_but(&revoked, platform::random_id())?;
                self.deletion.replace(Some(deletion));
            }
            Output::Suspects(suspects) => {
                self.storage.keep_suspects(&suspects)?;
                fault::committed();
            }
            Output::Repair(repair) => self.storage.repair(&repair)?,
            Output::Send { to, frame } => {
                platform::send(to.iter().filter_map(|id| live.sockets.get(id)), &frame);
            }
            Output::Attach { session, attachment } => {
                if let Some(socket) = live.sockets.get(&session) {
                    platform::attach(socket, &attachment)?;
                }
            }
            Output::Close { session, close } => {
                if let Some(socket) = live.sockets.remove(&session) {
                    platform::close(&socket, close);
                }
            }
            Output::Verify { session, token } => self.verify(session, token),
            Output::SetTimer(at) => self.set_timer(at.since(now)),
            Output::SetAlarm(at) => self.set_alarm(at.since(now)),
            Output::Tell(event) => self.logs.event(&self.document, &event),
            Output::Report(report) => self.report(*report),
            Output::Abandon => {}
        }
        Ok(())
    }

    /// The room, loaded if it is not: after a start, a hibernation or a failure.
    pub(super) fn wake<'a>(
        self: &Rc<Self>,
        slot: &'a mut Option<Live>,
    ) -> std::result::Result<&'a mut Live, LogError> {
        let live = match slot.take() {
            Some(live) => live,
            None => self.load()?,
        };
        Ok(slot.insert(live))
    }

    fn load(self: &Rc<Self>) -> std::result::Result<Live, LogError> {
        let failure = fault::failure(self.state.as_raw());
        let stored = self.storage.open(platform::random_id())?;
        let schema = schemas::schema_for(&self.document).map_err(LogError::Storage)?;
        let stored = stored.with_schema(schema);
        let limits = self.limits.clone().map_err(|error| LogError::Storage(error.to_string()))?;
        let mut room = room::Room::load(&stored, limits);
        self.observed.take().into_iter().for_each(|before| room.go_on(before));
        let mut sockets = BTreeMap::new();
        let now = platform::now();
        for socket in self.state.get_websockets() {
            let socket: &web_sys::WebSocket = socket.as_ref();
            let Some(session) = self.session(socket) else { continue };
            let attachment = platform::attachment(socket);
            let input = Input::Resume { session, attachment: &attachment };
            sockets.insert(session, socket.clone());
            for output in room.handle(now, input, &self.storage) {
                if let Output::Close { session, close } = output
                    && let Some(socket) = sockets.remove(&session)
                {
                    platform::close(&socket, close);
                }
            }
        }
        let mut live = Live { room, sockets };
        if let Some(in_hand) = &failure {
            let input = Input::Failed { in_hand };
            for output in live.room.handle(now, input, &self.storage) {
                self.perform(now, &mut live, output)?;
            }
        }
        Ok(live)
    }

    /// Drop the room; everyone reconnects and finds it as storage says it is.
    fn abandon(&self, slot: &mut Option<Live>, close: Close, error: &LogError) {
        self.complain("abandoned", error);
        if let Some(live) = slot.take() {
            self.observed.replace(Some(live.room.into_observed()));
        }
        for socket in self.state.get_websockets() {
            platform::close(socket.as_ref(), close);
        }
    }

    pub(super) fn session(&self, socket: &web_sys::WebSocket) -> Option<SessionId> {
        platform::name_of(socket, self.state.as_raw()).ok().map(SessionId)
    }
}
