using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <content>The shapes of a tile of C that stays in registers: rows of strips, composed from structs that the compiler keeps in registers.</content>
internal static unsafe partial class MatMulBlock<T, V>
{
    /// <summary>Vectors side by side in one row; where the columns don't fill the last one, it overlaps the one before.</summary>
    public interface IStrip<S>
        where S : struct, IStrip<S>
    {
        /// <summary>Reads from a row of C.</summary>
        static abstract S Load(T* row, long columns);

        /// <summary>The same vector everywhere.</summary>
        static abstract S Fill(V value);

        /// <summary>Reads from a row of B, which has room for whole vectors.</summary>
        static virtual S LoadPanel(T* row, long columns) => S.Load(row, columns);

        /// <summary>Writes to a row of C.</summary>
        static abstract void Store(S s, T* row, long columns);

        /// <summary>c += a · b.</summary>
        static abstract void MultiplyAdd(V a, in S b, ref S c);
    }

    /// <summary>Strips below one another.</summary>
    public interface IRows<R, S>
        where R : struct, IRows<R, S>
        where S : struct, IStrip<S>
    {
        static abstract int Count { get; }

        static abstract R Load(T* c, long cRow, long columns);

        /// <summary>The same element in each row.</summary>
        static abstract R Fill(T* column, long step);

        static abstract void Store(R r, T* c, long cRow, long columns);

        /// <summary>The outer product of a column of A and a row of B, added to c.</summary>
        static abstract void MultiplyAdd(T* a, long aRow, in S b, ref R c);
    }

    /// <summary>One vector of which only the first lanes are columns.</summary>
    public struct Narrow : IStrip<Narrow>
    {
        V _lanes;

        [MethodImpl(AggressiveInlining)]
        public static Narrow Load(T* row, long columns) => new() { _lanes = V.LoadPartial(row, (int)columns) };

        [MethodImpl(AggressiveInlining)]
        public static Narrow LoadPanel(T* row, long columns) => new() { _lanes = V.Load(row) };

        [MethodImpl(AggressiveInlining)]
        public static Narrow Fill(V value) => new() { _lanes = value };

        [MethodImpl(AggressiveInlining)]
        public static void Store(Narrow s, T* row, long columns) => V.StorePartial(s._lanes, row, (int)columns);

        [MethodImpl(AggressiveInlining)]
        public static void MultiplyAdd(V a, in Narrow b, ref Narrow c) => V.AddProduct(a, b._lanes, ref c._lanes);
    }

    /// <summary>One vector.</summary>
    public struct Strip1 : IStrip<Strip1>
    {
        V _only;

        [MethodImpl(AggressiveInlining)]
        public static Strip1 Load(T* row, long columns) => new() { _only = V.Load(row) };

        [MethodImpl(AggressiveInlining)]
        public static Strip1 Fill(V value) => new() { _only = value };

        [MethodImpl(AggressiveInlining)]
        public static void Store(Strip1 s, T* row, long columns) => V.Store(s._only, row);

        [MethodImpl(AggressiveInlining)]
        public static void MultiplyAdd(V a, in Strip1 b, ref Strip1 c) => V.AddProduct(a, b._only, ref c._only);
    }

    /// <summary>Two vectors.</summary>
    public struct Strip2 : IStrip<Strip2>
    {
        V _first, _last;

        [MethodImpl(AggressiveInlining)]
        public static Strip2 Load(T* row, long columns) => new() { _first = V.Load(row), _last = V.Load(row + (columns - V.Count)) };

        [MethodImpl(AggressiveInlining)]
        public static Strip2 Fill(V value) => new() { _first = value, _last = value };

        [MethodImpl(AggressiveInlining)]
        public static void Store(Strip2 s, T* row, long columns)
        {
            V.Store(s._first, row);
            V.Store(s._last, row + (columns - V.Count));
        }

        [MethodImpl(AggressiveInlining)]
        public static void MultiplyAdd(V a, in Strip2 b, ref Strip2 c)
        {
            V.AddProduct(a, b._first, ref c._first);
            V.AddProduct(a, b._last, ref c._last);
        }
    }

    /// <summary>Three vectors.</summary>
    public struct Strip3 : IStrip<Strip3>
    {
        V _first, _middle, _last;

        [MethodImpl(AggressiveInlining)]
        public static Strip3 Load(T* row, long columns) =>
            new() { _first = V.Load(row), _middle = V.Load(row + V.Count), _last = V.Load(row + (columns - V.Count)) };

        [MethodImpl(AggressiveInlining)]
        public static Strip3 Fill(V value) => new() { _first = value, _middle = value, _last = value };

        [MethodImpl(AggressiveInlining)]
        public static void Store(Strip3 s, T* row, long columns)
        {
            V.Store(s._first, row);
            V.Store(s._middle, row + V.Count);
            V.Store(s._last, row + (columns - V.Count));
        }

        [MethodImpl(AggressiveInlining)]
        public static void MultiplyAdd(V a, in Strip3 b, ref Strip3 c)
        {
            V.AddProduct(a, b._first, ref c._first);
            V.AddProduct(a, b._middle, ref c._middle);
            V.AddProduct(a, b._last, ref c._last);
        }
    }

    /// <summary>One row.</summary>
    public struct Row<S> : IRows<Row<S>, S>
        where S : struct, IStrip<S>
    {
        S _strip;

        public static int Count => 1;

        [MethodImpl(AggressiveInlining)]
        public static Row<S> Load(T* c, long cRow, long columns) => new() { _strip = S.Load(c, columns) };

        [MethodImpl(AggressiveInlining)]
        public static Row<S> Fill(T* column, long step) => new() { _strip = S.Fill(V.Broadcast(*column)) };

        [MethodImpl(AggressiveInlining)]
        public static void Store(Row<S> r, T* c, long cRow, long columns) => S.Store(r._strip, c, columns);

        [MethodImpl(AggressiveInlining)]
        public static void MultiplyAdd(T* a, long aRow, in S b, ref Row<S> c) => S.MultiplyAdd(V.Broadcast(*a), b, ref c._strip);
    }

    /// <summary>Twice the rows of <typeparamref name="R"/>.</summary>
    public struct Twice<R, S> : IRows<Twice<R, S>, S>
        where R : struct, IRows<R, S>
        where S : struct, IStrip<S>
    {
        R _top, _bottom;

        public static int Count => 2 * R.Count;

        [MethodImpl(AggressiveInlining)]
        public static Twice<R, S> Load(T* c, long cRow, long columns) =>
            new() { _top = R.Load(c, cRow, columns), _bottom = R.Load(c + R.Count * cRow, cRow, columns) };

        [MethodImpl(AggressiveInlining)]
        public static Twice<R, S> Fill(T* column, long step) =>
            new() { _top = R.Fill(column, step), _bottom = R.Fill(column + R.Count * step, step) };

        [MethodImpl(AggressiveInlining)]
        public static void Store(Twice<R, S> r, T* c, long cRow, long columns)
        {
            R.Store(r._top, c, cRow, columns);
            R.Store(r._bottom, c + R.Count * cRow, cRow, columns);
        }

        [MethodImpl(AggressiveInlining)]
        public static void MultiplyAdd(T* a, long aRow, in S b, ref Twice<R, S> c)
        {
            R.MultiplyAdd(a, aRow, b, ref c._top);
            R.MultiplyAdd(a + R.Count * aRow, aRow, b, ref c._bottom);
        }
    }

    /// <summary>One row more than <typeparamref name="R"/>.</summary>
    public struct Plus<R, S> : IRows<Plus<R, S>, S>
        where R : struct, IRows<R, S>
        where S : struct, IStrip<S>
    {
        R _top;
        S _last;

        public static int Count => R.Count + 1;

        [MethodImpl(AggressiveInlining)]
        public static Plus<R, S> Load(T* c, long cRow, long columns) =>
            new() { _top = R.Load(c, cRow, columns), _last = S.Load(c + R.Count * cRow, columns) };

        [MethodImpl(AggressiveInlining)]
        public static Plus<R, S> Fill(T* column, long step) =>
            new() { _top = R.Fill(column, step), _last = S.Fill(V.Broadcast(column[R.Count * step])) };

        [MethodImpl(AggressiveInlining)]
        public static void Store(Plus<R, S> r, T* c, long cRow, long columns)
        {
            R.Store(r._top, c, cRow, columns);
            S.Store(r._last, c + R.Count * cRow, columns);
        }

        [MethodImpl(AggressiveInlining)]
        public static void MultiplyAdd(T* a, long aRow, in S b, ref Plus<R, S> c)
        {
            R.MultiplyAdd(a, aRow, b, ref c._top);
            S.MultiplyAdd(V.Broadcast(a[R.Count * aRow]), b, ref c._last);
        }
    }
}
