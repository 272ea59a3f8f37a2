(function () {
  "use strict";
  var words = JSON.parse(document.body.dataset.words);
  var state = JSON.parse(document.body.dataset.state);
  var path = location.pathname;
  var store = "observe:" + path;
  var about = "";
  var sending = false;
  var reached = true;
  var kept = [];
  try { kept = JSON.parse(localStorage.getItem(store)) || []; } catch (error) { kept = []; }

  function byId(id) { return document.getElementById(id); }
  function save() { try { localStorage.setItem(store, JSON.stringify(kept.slice(-300))); } catch (error) { /* full */ } }
  function say(node, text) { node.textContent = text; return node; }
  function button(label, tap, box) {
    var made = say(document.createElement("button"), label);
    made.type = "button";
    made.addEventListener("click", tap);
    box.appendChild(made);
    return made;
  }
  function time(at) {
    var d = new Date(at);
    function two(n) { return (n < 10 ? "0" : "") + n; }
    return two(d.getHours()) + ":" + two(d.getMinutes()) + ":" + two(d.getSeconds());
  }
  function mark() {
    var bytes = new Uint8Array(8), text = "";
    crypto.getRandomValues(bytes);
    for (var i = 0; i < bytes.length; i += 1) { text += ("0" + bytes[i].toString(16)).slice(-2); }
    return text;
  }
  function add(item) {
    item.id = mark();
    item.at = Date.now();
    item.about = item.about === undefined ? about : item.about;
    kept.push(item);
    save();
    show();
    send();
  }
  function waiting() { return kept.filter(function (item) { return !item.sent; }); }
  function label(item) {
    var where = item.about ? item.about + " · " : "";
    if (item.unsafe) { return where + words.unsafe_short; }
    if (item.question) { return item.question + " · " + (item.met ? words.yes : words.no); }
    return where + [item.rating ? words.ratings[item.rating] : "", item.text || ""].filter(Boolean).join(" · ");
  }
  function show() {
    var left = waiting().length, queue = byId("queue"), list = byId("mine");
    document.body.className = state.frozen ? "frozen" : "";
    say(byId("stands"), state.frozen ? words.frozen : words.states[state.state] || state.state);
    say(queue, left ? words.waits.replace("{n}", left) : words.all_sent.replace("{n}", kept.length));
    queue.className = left ? "queue waits" : "queue";
    list.textContent = "";
    kept.slice(-12).reverse().forEach(function (item) {
      var line = document.createElement("li");
      line.className = item.sent ? "" : "waits";
      say(line, time(item.at) + "  " + label(item) + (item.sent ? "" : " — " + words.not_sent));
      list.appendChild(line);
    });
    chips();
    questions();
  }
  function chips() {
    var box = byId("about");
    box.textContent = "";
    [{ id: "", label: words.whole }].concat(state.subjects).forEach(function (each) {
      var chip = button(each.label, function () { about = each.id; chips(); }, box);
      chip.setAttribute("aria-pressed", each.id === about ? "true" : "false");
    });
  }
  function answered(id) {
    var found = kept.filter(function (item) { return item.question === id; });
    return found.length ? found[found.length - 1].met : null;
  }
  function questions() {
    var box = byId("questions");
    byId("questions-head").hidden = !state.questions.length;
    box.textContent = "";
    state.questions.forEach(function (each) {
      var card = document.createElement("div"), row = document.createElement("div"), now = answered(each.id);
      card.className = "question";
      card.appendChild(say(document.createElement("p"), each.id + "  " + each.text));
      row.className = "grid";
      [[true, words.yes], [false, words.no]].forEach(function (choice) {
        var made = button(choice[1], function () { add({ question: each.id, met: choice[0], about: "" }); }, row);
        if (now === choice[0]) { made.className = "chosen"; }
      });
      card.appendChild(row);
      box.appendChild(card);
    });
  }
  function send() {
    var items = waiting().slice(0, 50);
    if (sending) { return; }
    sending = true;
    fetch(path + location.search, {
      method: "POST", headers: { "Content-Type": "application/json" }, credentials: "omit", cache: "no-store",
      body: JSON.stringify({
        now: Date.now(),
        items: items.map(function (i) {
          return { id: i.id, at: i.at, about: i.about || "", text: i.text || "", rating: i.rating || "",
                   unsafe: !!i.unsafe, question: i.question || "", met: !!i.met };
        })
      })
    }).then(function (answer) {
      if (!answer.ok) { throw new Error(String(answer.status)); }
      return answer.json();
    }).then(function (answer) {
      reached = true;
      state = answer.state;
      kept.forEach(function (item) { if (answer.done.indexOf(item.id) >= 0) { item.sent = true; } });
      save();
    }).catch(function () { reached = false; }).then(function () {
      sending = false;
      show();
      if (reached && waiting().length) { setTimeout(send, 50); }
    });
  }

  words.taps.forEach(function (text) { button(text, function () { add({ text: text }); }, byId("notes")); });
  ["P", "S", "M", "U"].forEach(function (rating) {
    button(words.ratings[rating], function () { add({ rating: rating }); }, byId("rates"));
  });
  byId("unsafe").addEventListener("click", function () { add({ unsafe: true, text: byId("text").value.trim() }); });
  byId("send").addEventListener("click", function () {
    var text = byId("text").value.trim();
    if (text) { add({ text: text }); byId("text").value = ""; }
  });
  window.addEventListener("online", send);
  document.addEventListener("visibilitychange", function () { if (!document.hidden) { send(); } });
  setInterval(send, 5000);
  show();
  send();
}());
