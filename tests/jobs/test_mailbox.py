"""The mailbox: order, one signal for many posts, bulk at most thirty times a second."""

import threading
import time

from app.jobs.mailbox import BULK_EVERY_MS, MOST_BULK, Mailbox, grouped


def test_posts_of_a_thread_arrive_in_order_and_bulk_not_more_often_than_the_screen(qtbot):
    condition = threading.Condition()
    mailbox = Mailbox(condition)
    arrivals = []
    mailbox.arrived.connect(lambda posts: arrivals.append((time.monotonic(), list(posts))))

    def work():
        for number in range(300):
            mailbox.put(number, is_bulk=True)
            time.sleep(0.001)
        mailbox.put("end")

    thread = threading.Thread(target=work)
    thread.start()
    qtbot.waitUntil(lambda: bool(arrivals) and arrivals[-1][1][-1] == "end", timeout=10_000)
    thread.join()
    assert [post for _, posts in arrivals for post in posts] == [*range(300), "end"]
    # Counted over the whole time, because a busy machine delays single arrivals; "end" may follow another at once.
    seconds = arrivals[-1][0] - arrivals[0][0]
    assert len(arrivals) <= seconds / (BULK_EVERY_MS / 1000) + 2


def test_a_single_post_takes_the_bulk_before_it_along_at_once(qtbot):
    mailbox = Mailbox(threading.Condition())
    arrivals = []
    mailbox.arrived.connect(arrivals.append)
    mailbox.put("first", is_bulk=True)
    qtbot.waitUntil(lambda: len(arrivals) == 1)
    mailbox.put("second", is_bulk=True)
    mailbox.put("answer")
    qtbot.waitUntil(lambda: len(arrivals) == 2)
    assert arrivals == [["first"], ["second", "answer"]]


def test_there_is_no_room_until_the_receiver_has_caught_up(qtbot):
    mailbox = Mailbox(threading.Condition())
    for number in range(MOST_BULK):
        assert mailbox.has_room
        mailbox.put(number, is_bulk=True)
    assert not mailbox.has_room
    with qtbot.waitSignal(mailbox.arrived):
        pass
    assert mailbox.has_room


def test_nothing_arrives_after_closing(qtbot):
    mailbox = Mailbox(threading.Condition())
    arrivals = []
    mailbox.arrived.connect(arrivals.append)
    mailbox.put("late")
    mailbox.close()
    qtbot.wait(60)
    assert arrivals == []


def test_neighbours_that_are_alike_are_grouped():
    assert grouped([1, 1, "a", "b", 2, 3], lambda post: isinstance(post, int)) == [[1, 1], ["a"], ["b"], [2, 3]]
