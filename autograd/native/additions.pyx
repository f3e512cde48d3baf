# What Python does for a class of its own accord, and a C struct has to be told. Appended to the generated module.

from cpython.object cimport PyObject
from cpython.pythread cimport (
    NOWAIT_LOCK, PyThread_acquire_lock, PyThread_allocate_lock, PyThread_release_lock, PyThread_type_lock
)

cdef extern from "Python.h":
    Py_ssize_t Py_REFCNT(PyObject *)
    bint PyObject_GC_IsTracked(object)
    void PyObject_GC_UnTrack(void *)
    double PyFloat_AS_DOUBLE(object)
    bint PyFloat_CheckExact(object)


cdef inline double _share(object slope, double grad) except? -1.0:
    """A product that is one of doubles unless the slope is of a class that has its own."""
    return PyFloat_AS_DOUBLE(slope) * grad if PyFloat_CheckExact(slope) else slope * grad


cdef inline Py_hash_t _address(Value node):
    """The hash by identity, as of `object`: the low bits of an address are always zero."""
    cdef size_t address = <size_t> <void *> node
    return <Py_hash_t> ((address >> 4) | (address << (8 * sizeof(size_t) - 4)))


cdef inline bint _is_leaf(Value node):
    return node._first is None and node._second is None and node._rest is None


cdef inline bint _collected(object referred):
    return referred is not None and PyObject_GC_IsTracked(referred)


ctypedef fused Made:
    Value
    Many


cdef inline int _leave_to_counting(Made made) except -1:
    """
    Take a new object from the cyclic collector, if nothing it refers to is in its hands.

    A node refers only to what was there before it, so that it can be part of a cycle only through an object that others
    can change: an instance of a subclass. Such an object is tracked, and so is then all that depends on it.
    """
    if Made is Value:
        if type(made) is Value and not (_collected(made._first) or _collected(made._second) or _collected(made._rest)):
            PyObject_GC_UnTrack(<void *> made)
    else:
        for parent in made.parents:
            if PyObject_GC_IsTracked(parent):
                return 0
        PyObject_GC_UnTrack(<void *> made.operands)
        PyObject_GC_UnTrack(<void *> made.parents)
        PyObject_GC_UnTrack(<void *> made.local_grads)
        PyObject_GC_UnTrack(<void *> made)
    return 0


cdef void _let_go(Value dying) noexcept:
    """
    Let go of a node's parents without recursion, however long the chain of those that die with it.

    Those that die wait in a list, linked through their slots for marks.
    """
    cdef Value node, waiting
    if not _ends_with(dying):
        return
    waiting = _taken(dying, None)
    while waiting is not None:
        node = waiting
        waiting = None if node._mark is None else <Value?> node._mark
        node._mark = None
        if _ends_with(node):
            waiting = _taken(node, waiting)


cdef inline bint _ends_with(Value node) noexcept:
    """Tell whether a parent may die when the node does; of ``y * y`` no reference is the last until the other is gone."""
    cdef PyObject *first = <PyObject *> node._first
    cdef PyObject *second = <PyObject *> node._second
    return Py_REFCNT(first) == 1 or Py_REFCNT(second) == 1 or (first == second and node._first is not None)


cdef inline Value _taken(Value node, Value waiting):
    """
    Take a node's parents from it, and put those whose last reference this was before those that wait.

    A parent is looked at when its reference in the node has been given up. An instance of a subclass dies at once: it
    may have a destructor, which is to see all of it. Python itself sees to the depth of a chain of such.
    """
    cdef Value parent = node._first
    node._first = None
    if Py_REFCNT(<PyObject *> parent) == 1 and type(parent) is Value:
        parent._mark = waiting
        waiting = parent
    parent = node._second
    node._second = None
    if Py_REFCNT(<PyObject *> parent) == 1 and type(parent) is Value:
        parent._mark = waiting
        waiting = parent
    return waiting


# ---------------------------------------------------------------------- memory

cdef extern from "Python.h":
    ctypedef struct ArenaAllocator "PyObjectArenaAllocator":
        void *ctx
        void *(*alloc)(void *ctx, size_t size) noexcept
        void (*free)(void *ctx, void *arena, size_t size) noexcept

    void get_arena_allocator "PyObject_GetArenaAllocator"(ArenaAllocator *)
    void set_arena_allocator "PyObject_SetArenaAllocator"(ArenaAllocator *)

cdef enum:
    ARENA = 1 << 20  # how much of the system's memory Python takes at once
    MOST_KEPT = 64  # of these

cdef ArenaAllocator system
cdef void *kept[MOST_KEPT]
cdef int kept_count = 0
cdef PyThread_type_lock keeping = PyThread_allocate_lock()


cdef void *_take_arena(void *unused, size_t size) noexcept:
    """Give an arena that was given back, if there is one; a lock that is not free at once is not waited for."""
    global kept_count
    cdef void *arena = NULL
    if size == ARENA and keeping and PyThread_acquire_lock(keeping, NOWAIT_LOCK):
        if kept_count:
            kept_count -= 1
            arena = kept[kept_count]
        PyThread_release_lock(keeping)
    return arena if arena else system.alloc(system.ctx, size)


cdef void _give_arena_back(void *unused, void *arena, size_t size) noexcept:
    """
    Keep an arena for the next graph.

    A training step makes a graph and lets go of it. Python would hand that memory back to the system each time, and the
    system would clear it for the next step, page by page: a quarter of the step's time.
    """
    global kept_count
    cdef bint is_kept = False
    if size == ARENA and keeping and PyThread_acquire_lock(keeping, NOWAIT_LOCK):
        is_kept = kept_count < MOST_KEPT
        if is_kept:
            kept[kept_count] = arena
            kept_count += 1
        PyThread_release_lock(keeping)
    if not is_kept:
        system.free(system.ctx, arena, size)


cdef void _keep_arenas() noexcept:
    cdef ArenaAllocator own
    if system.alloc == NULL:  # else an earlier import of this module has done it
        get_arena_allocator(&system)
        own.ctx, own.alloc, own.free = NULL, _take_arena, _give_arena_back
        set_arena_allocator(&own)


_keep_arenas()


# ---------------------------------------------------------------------- the loops of many.py over plain numbers


cpdef double sum_of_products(list ws, list xs, double start=0.0) except? -1.0:
    """Multiply in pairs, and add from left to right."""
    cdef Py_ssize_t i
    for i in range(min(len(ws), len(xs))):
        start += <double> ws[i] * <double> xs[i]
    return start


cdef bint _all_are(kind, list items):
    """Tell whether the items of a list, of which there is one, are all exactly of a class."""
    for item in items:
        if type(item) is not kind:
            return False
    return len(items) > 0


cdef list _numbers_of(list nodes):
    """Give the number of each node."""
    cdef Value node
    return [node._data for node in nodes]


for _class in (Value, Many):
    _class.__module__ = "autograd.engine"  # as in a pickle, which either engine can read
    _class.__name__ = _class.__name__  # so that messages say Value, not autograd._native.Value
topological_order.__module__ = "autograd.engine"
