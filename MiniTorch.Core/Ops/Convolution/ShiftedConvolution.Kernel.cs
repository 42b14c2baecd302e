using System.Numerics;

namespace MiniTorch.Kernels;

/// <summary>
/// Convolutions as products of matrices that read the padded images themselves, shifted, instead of copied patches. The lanes of a vector are
/// neighbouring outputs, or filters where these are many.
/// </summary>
internal static unsafe class ShiftedConvolution
{
    const long PartDepth = 512;        // elements of a filter, whose panel then stays in the second-level cache
    const double TransposeCost = 18, CopyCost = 10;     // of a vector of outputs, in multiplications of vectors
    const long FewestChunks = 8;       // for threads to share: fewer are cut into rows of outputs
    const long PlaneBytes = 1 << 14;   // of images of one channel: in the first-level cache, and what is stored is not read at once
    const long MostPixels = 512;       // outputs of an image whose sums are held in the cache until they are transposed
    const long PixelsOfSum = 256;      // outputs of whole images whose gradients are packed at once

    [ThreadStatic]
    static Scratch? t_sums, t_filters;

    /// <summary>y[n, f] = bias[f] + Σ x[n, c] ⋆ w[f, c]; <paramref name="bias"/> may be null.</summary>
    public static void Forward<T>(in ConvolutionShape shape, T* x, Filters<T> w, T* bias, T* y)
        where T : unmanaged, IBinaryNumber<T>
    {
        var job = new ForwardJob<T>(shape, x, w, bias, y);
        if (shape.OutputPlane > 0) Simd.Run<ForwardJob<T>, T>(ref job);
    }

    /// <summary>Whether <see cref="AddGradWeight"/> is fast: fewer sums in a tile would wait for each other's multiplications.</summary>
    public static bool FitsGradWeight<V, T>(in ConvolutionShape shape)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        const long FewestSums = 6;
        return shape.Channels * new MatMulStrips<T, V>(shape.Filters).VectorsPerStrip >= FewestSums;
    }

    /// <summary>
    /// Adds to <paramref name="partial"/>, (PatchSize, Filters), the gradient of a group's filters from images that are <paramref name="step"/>
    /// elements apart, and the gradients of their outputs.
    /// </summary>
    public static void AddGradWeight<V, T>(in ConvolutionShape shape, T* image, long step, T* dy, long count, T* partial)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        if (count == 0 || shape.OutputPlane == 0) return;
        long most = Math.Clamp(Math.Min(PixelsOfSum / shape.OutputPlane, PaddedImage<V, T>.MostImages(shape)), 1, count);
        var padded = new PaddedImage<V, T>(shape, images: most);
        long* places = padded.OutputPlaces();
        long window = shape.Y.Kernel * shape.X.Kernel, plane = shape.OutputPlane;
        var strips = new MatMulStrips<T, V>(shape.Filters);
        T* panel = Scratch.Rent<T>(ref t_sums, most * padded.MostRows * shape.X.Output * MatMulBlock<T, V>.WidestStrip * V.Count);
        for (long first = 0; first < count; first += most)
        {
            long images = Math.Min(most, count - first);
            while (padded.Next(image + first * step, images, step))
            {
                long outputs = padded.Rows * shape.X.Output;
                for (long strip = 0; strip < strips.Count; strip++)
                {
                    long filter = strips.Start(strip), filters = strips.Start(strip + 1) - filter, row = Math.Max(filters, V.Count);
                    for (long i = 0; i < images; i++)
                        MatMulPack<T, V>.Copy(outputs, filters, dy + ((first + i) * shape.Groups * shape.Filters + filter) * plane
                            + padded.Row * shape.X.Output, 1, plane, panel + i * outputs * row, row);
                    for (long k = 0; k < window; k++)
                    {
                        T* from = padded.Data + padded.Place(k / shape.X.Kernel, k % shape.X.Kernel);
                        MatMulBlock<T, V>.Multiply(shape.Channels, filters, images * outputs, new GatheredSteps<T>(from, places), padded.ChannelSize,
                            new Steps<T>(panel, row), partial + k * shape.Filters + filter, window * shape.Filters, accumulate: true);
                    }
                }
            }
        }
        PaddedImage<V, T>.Return();
        Scratch.Return(ref t_sums);
    }

    readonly struct ForwardJob<T>(ConvolutionShape shape, T* x, Filters<T> w, T* bias, T* y) : IVectorJob<T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Run<V>()
            where V : struct, IVector<V, T>
        {
            bool isDepthwise = shape.Channels == 1 && shape.Filters == 1, byFilters = !isDepthwise && IsFasterByFilters<V>();
            T* packed = Scratch.Rent<T>(ref t_filters, shape.Groups * Packing<V, T>.Size(shape));
            Workers.Run(new Packing<V, T>(shape, w, byFilters, packed), shape.Groups);
            if (isDepthwise)
            {
                long planes = Math.Min(PaddedImage<V, T>.MostImages(shape), Math.Max(1, PlaneBytes / sizeof(T) / Math.Max(1, shape.InputSize)));
                Workers.Run(new Planes<V, T>(shape, x, packed, bias, y, planes), IntegerMath.CeilDiv(shape.Batch * shape.Groups, planes));
                Scratch.Return(ref t_filters);
                return;
            }
            long images = byFilters ? ImagesAtOnce<V>() : 1, chunks = IntegerMath.CeilDiv(shape.Batch, images) * shape.Groups;
            long parts = chunks == 0 || chunks >= Workers.Count ? 1 : Math.Clamp(FewestChunks / chunks, 1, shape.Y.Output);
            if (byFilters) Workers.Run(new FilterLanes<V, T>(shape, x, packed, bias, y, images, parts), chunks * parts);
            else Workers.Run(new OutputLanes<V, T>(shape, x, packed, bias, y, parts), chunks * parts);
            Scratch.Return(ref t_filters);
        }

        bool IsFasterByFilters<V>()
            where V : struct, IVector<V, T>
        {
            double size = shape.PatchSize;
            return shape.Filters > 1 && size * WholeVectors<V, T>(shape.Filters) / shape.Filters + TransposeCost
                < Math.Min(OutputLanes<V, T>.RowCost(shape), OutputLanes<V, T>.PlaneCost(shape));
        }

        long ImagesAtOnce<V>()
            where V : struct, IVector<V, T>
        {
            long most = Math.Clamp(Math.Min(MostPixels / shape.OutputPlane, PaddedImage<V, T>.MostImages(shape)), 1,
                Math.Max(1, IntegerMath.CeilDiv(shape.Batch * shape.Groups, Workers.Count)));
            return Math.Max(1, IntegerMath.CeilDiv(shape.Batch, Math.Max(1, IntegerMath.CeilDiv(shape.Batch, most))));
        }
    }

    // Lanes of whole vectors; a tile of one vector loads an element for each multiplication.
    static double WholeVectors<V, T>(long lanes)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T> => IntegerMath.CeilDiv(lanes, V.Count) * V.Count * (lanes <= V.Count ? 1.3 : 1);

    readonly struct Planes<V, T>(ConvolutionShape shape, T* x, T* packed, T* bias, T* y, long atOnce) : IJob
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Execute(long chunk)
        {
            long first = chunk * atOnce;
            DepthwiseConvolution<V, T>.Forward(shape, first, Math.Min(atOnce, shape.Batch * shape.Groups - first), x, packed, bias, y);
        }
    }

    /// <summary>The filters of a group in the order in which they are read: as rows, or as strips of columns one after the other.</summary>
    readonly struct Packing<V, T>(ConvolutionShape shape, Filters<T> w, bool byFilters, T* packed) : IJob
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        /// <summary>The elements of a group.</summary>
        public static long Size(in ConvolutionShape shape) => shape.PatchSize * (shape.Filters == 1 ? 1 : Math.Max(shape.Filters, V.Count));

        public void Execute(long group)
        {
            T* target = packed + group * Size(shape);
            if (!byFilters)
            {
                w.CopyRows(shape, group, target);
                return;
            }
            var strips = new MatMulStrips<T, V>(shape.Filters);
            for (long strip = 0; strip < strips.Count; strip++)
            {
                long first = strips.Start(strip), count = strips.Start(strip + 1) - first;
                w.CopyColumns<V>(shape, group, first, count, target + first * shape.PatchSize, Math.Max(count, V.Count));
            }
        }
    }

    /// <summary>Each row of a tile is an output, each column a filter; the sums are transposed at the end.</summary>
    readonly struct FilterLanes<V, T>(ConvolutionShape shape, T* x, T* packed, T* bias, T* y, long imagesAtOnce, long parts) : IJob
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Execute(long chunk)
        {
            (chunk, long rowPart) = Math.DivRem(chunk, parts);
            (long block, long group) = Math.DivRem(chunk, shape.Groups);
            long top = rowPart * shape.Y.Output / parts;
            ConvolutionShape own = shape with { Y = shape.Y.Part(top, (rowPart + 1) * shape.Y.Output / parts) };
            long first = block * imagesAtOnce, images = Math.Min(imagesAtOnce, shape.Batch - first);
            T* input = x + (first * shape.Groups + group) * shape.InputSize;
            T* filters = packed + group * Packing<V, T>.Size(shape);
            long columns = Math.Min(shape.X.Output, MostPixels), rows = Math.Max(1, MostPixels / shape.X.Output);
            T* output = y + (first * shape.Groups + group) * shape.Filters * shape.OutputPlane + top * shape.X.Output;
            var padded = new PaddedImage<V, T>(own, images: images);
            long* places = padded.FilterPlaces();
            T* sums = Scratch.Rent<T>(ref t_sums, images * Math.Min(rows, padded.MostRows) * columns * MatMulBlock<T, V>.WidestStrip * V.Count);
            var strips = new MatMulStrips<T, V>(shape.Filters);
            while (padded.Next(input, images, shape.Groups * shape.InputSize))
                for (long strip = 0; strip < strips.Count; strip++)
                    for (long row = 0; row < padded.Rows; row += rows)
                        for (long column = 0; column < shape.X.Output; column += columns)
                        {
                            var part = new Part(padded, places, images, row, Math.Min(rows, padded.Rows - row), column,
                                Math.Min(columns, shape.X.Output - column), strips.Start(strip), strips.Start(strip + 1) - strips.Start(strip));
                            Multiply(part, filters, bias == null ? null : bias + group * shape.Filters, sums);
                            Transpose(part, sums, output);
                        }
            PaddedImage<V, T>.Return();
            Scratch.Return(ref t_sums);
        }

        /// <summary>Some filters of some outputs.</summary>
        readonly ref struct Part(
            PaddedImage<V, T> padded, long* places, long images, long row, long rows, long column, long columns, long filter, long filters)
        {
            public readonly PaddedImage<V, T> Padded = padded;
            public readonly long* Places = places;
            public readonly long Images = images, Row = row, Rows = rows, Column = column, Columns = columns, Filter = filter, Filters = filters;
        }

        void Multiply(in Part part, T* packed, T* bias, T* sums)
        {
            long size = shape.PatchSize, parts = IntegerMath.CeilDiv(size, PartDepth), filters = part.Filters, width = Math.Max(filters, V.Count);
            for (long depth = 0, start = 0, end; depth < parts; start = end)
            {
                end = ++depth * size / parts;
                T* to = sums;
                for (long image = 0; image < part.Images; image++)
                    for (long row = part.Row; row < part.Row + part.Rows; row++, to += part.Columns * filters)
                    {
                        T* from = part.Padded.Data + image * part.Padded.ImageSize + row * part.Padded.StepY + part.Column * part.Padded.StepX;
                        MatMulBlock<T, V>.Multiply(
                            part.Columns, filters, end - start, new GatheredSteps<T>(from, part.Places + start), part.Padded.StepX,
                            new Steps<T>(packed + part.Filter * size + start * width, width),
                            start > 0 ? to : bias == null ? null : bias + part.Filter, start > 0 ? filters : 0, to, filters);
                    }
            }
        }

        void Transpose(in Part part, T* sums, T* output)
        {
            long outputs = part.Rows * part.Columns, plane = shape.OutputPlane;
            output += part.Filter * plane + (part.Padded.Row + part.Row) * shape.X.Output + part.Column;
            for (long image = 0; image < part.Images; image++, sums += outputs * part.Filters)
                MatMulPack<T, V>.Transpose(part.Filters, outputs, sums, part.Filters, output + image * shape.Groups * shape.Filters * plane, plane);
        }
    }

    /// <summary>Each row of a tile is a filter, each column an output.</summary>
    readonly struct OutputLanes<V, T>(ConvolutionShape shape, T* x, T* packed, T* bias, T* y, long parts) : IJob
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        /// <summary>Vectors multiplied for each vector of outputs, row by row.</summary>
        public static double RowCost(in ConvolutionShape shape) => shape.PatchSize * WholeVectors<V, T>(shape.X.Output) / shape.X.Output;

        /// <summary>Vectors multiplied for each vector of outputs, and its copy, if rows are joined with the padding between them.</summary>
        public static double PlaneCost(in ConvolutionShape shape)
        {
            if (shape.IsPointwise) return shape.PatchSize * WholeVectors<V, T>(shape.OutputPlane) / shape.OutputPlane;
            if (!shape.HasStride1) return double.PositiveInfinity;
            long pitch = shape.X.Span - Math.Clamp(shape.X.Padding, 0, shape.X.Reach);
            return shape.PatchSize * WholeVectors<V, T>((shape.Y.Output - 1) * pitch + shape.X.Output) / shape.OutputPlane + CopyCost;
        }

        public void Execute(long chunk)
        {
            (chunk, long rowPart) = Math.DivRem(chunk, parts);
            long group = chunk % shape.Groups, plane = shape.OutputPlane, top = rowPart * shape.Y.Output / parts;
            ConvolutionShape own = shape with { Y = shape.Y.Part(top, (rowPart + 1) * shape.Y.Output / parts) };
            T* input = x + chunk * shape.InputSize, output = y + chunk * shape.Filters * plane + top * shape.X.Output;
            if (shape.IsPointwise && own.OutputPlane >= V.Count)
            {
                Multiply(group, own.OutputPlane, new Steps<T>(input + top * shape.X.Input, plane), output, plane);
                return;
            }
            var padded = new PaddedImage<V, T>(own, isSplit: true);
            long* places = padded.FilterPlaces();
            bool joinsRows = shape.Y.Output > 1 && PlaneCost(shape) < RowCost(shape);
            // The rows of a joined product have the image's pitch: between two rows of outputs lie unused sums.
            long row = padded.MostRows * padded.Pitch;
            T* product = joinsRows ? Scratch.Rent<T>(ref t_sums, shape.Filters * row + V.Count) : null;
            while (padded.Next(input))
            {
                T* to = output + padded.Row * shape.X.Output;
                long outputs = padded.Rows * shape.X.Output;
                if (!joinsRows)
                {
                    for (long i = 0; i < padded.Rows; i++)
                        Multiply(group, shape.X.Output, new GatheredSteps<T>(padded.Data + i * padded.StepY, places), to + i * shape.X.Output, plane);
                    continue;
                }
                Multiply(group, (padded.Rows - 1) * padded.Pitch + shape.X.Output, new GatheredSteps<T>(padded.Data, places), product, row);
                for (long f = 0; f < shape.Filters; f++) CopyRows(product + f * row, padded.Pitch, to + f * plane, outputs);
            }
            PaddedImage<V, T>.Return();
            Scratch.Return(ref t_sums);
        }

        void Multiply<B>(long group, long columns, B b, T* c, long row)
            where B : struct, IMatMulWalk<B, T>
        {
            T* filters = packed + group * Packing<V, T>.Size(shape);
            var strips = new MatMulStrips<T, V>(columns);
            for (long strip = 0; strip < strips.Count; strip++)
            {
                long first = strips.Start(strip);
                MatMulBlock<T, V>.Multiply(shape.Filters, strips.Start(strip + 1) - first, shape.PatchSize, new Steps<T>(filters, 1), shape.PatchSize,
                    b.From(first), bias == null ? null : bias + group * shape.Filters, 1, c + first, row, isColumn: true);
            }
        }

        // What a whole vector writes beyond its row is overwritten by the next row; the last ones write no more than is theirs.
        void CopyRows(T* from, long pitch, T* to, long outputs)
        {
            for (long y = 0, at = 0; at < outputs; y++)
            {
                for (long x = 0; x < shape.X.Output; x += V.Count)
                {
                    V value = V.Load(from + y * pitch + x);
                    if (at + x + V.Count <= outputs) V.Store(value, to + at + x);
                    else V.StorePartial(value, to + at + x, (int)Math.Min(V.Count, shape.X.Output - x));
                }
                at += shape.X.Output;
            }
        }
    }
}
