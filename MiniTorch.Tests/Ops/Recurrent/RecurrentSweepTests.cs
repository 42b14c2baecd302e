using MiniTorch.Kernels;
using MiniTorch.Ops;

namespace MiniTorch.Tests.Recurrent;

/// <summary>The kernel of a recurrent layer against its composition, which steps through the cells.</summary>
public class RecurrentSweepTests
{
    private static readonly string[] s_cells = Enum.GetNames<CellKind>();

    // Steps, rows, features, hidden: narrower and wider than a vector and a tile, and one row.
    private static readonly int[][] s_sizes = [[1, 1, 3, 2], [3, 0, 2, 4], [4, 1, 5, 20], [3, 9, 4, 17], [5, 33, 3, 50]];

    [Test]
    public void Kernel_has_the_values_and_gradients_of_the_composition([ValueSource(nameof(s_cells))] string name, [Values] bool isBackwards,
        [Values(DType.Float32, DType.Float64)] DType dtype, [Values] bool hasBias)
    {
        CellKind cell = Enum.Parse<CellKind>(name);
        foreach (int[] size in s_sizes)
        {
            Tensor[] fused = Results(cell, isBackwards, Inputs(cell, size, dtype, hasBias)), composed;
            using (Fusion.Off()) composed = Results(cell, isBackwards, Inputs(cell, size, dtype, hasBias));
            double tolerance = dtype == DType.Float32 ? 3e-5 : 1e-12;
            for (int i = 0; i < fused.Length; i++)
                fused[i].AllClose(composed[i], tolerance, tolerance * Math.Max(1, Largest(composed[i])))
                    .ShouldBeTrue($"{string.Join(", ", size)}: {i}");
        }
    }

    [Test]
    public void Kernel_passes_on_NaN_and_infinity_as_the_composition_does([ValueSource(nameof(s_cells))] string name,
        [Values(double.NaN, double.PositiveInfinity)] double odd)
    {
        CellKind cell = Enum.Parse<CellKind>(name);
        Tensor[] Odd()
        {
            Tensor[] inputs = Inputs(cell, [4, 3, 5, 18], DType.Float32, true);
            inputs[0] = inputs[0].Detach().Clone();
            inputs[0].Select(0, 1).Select(0, 2).CopyInPlace(Tensor.Full([5], odd));
            inputs[0].RequiresGrad = true;
            return inputs;
        }
        Tensor[] fused = Results(cell, false, Odd()), composed;
        using (Fusion.Off()) composed = Results(cell, false, Odd());
        for (int i = 0; i < fused.Length; i++) fused[i].AllClose(composed[i], 3e-5, 3e-5, equalNan: true).ShouldBeTrue($"{i}");
    }

    [Test]
    public void Results_have_the_same_bits_for_any_number_of_threads_and_any_part_of_the_batch([ValueSource(nameof(s_cells))] string name)
    {
        CellKind cell = Enum.Parse<CellKind>(name);
        Tensor[] inputs = Inputs(cell, [5, 33, 7, 50], DType.Float32, true), part = [.. inputs];
        float[][] one = Bits(1, inputs);
        foreach (int threads in (int[])[2, 3, 5]) Bits(threads, inputs).ShouldBe(one);
        int states = cell == CellKind.Lstm ? 2 : 1;
        part[0] = inputs[0][.., 3..14];
        for (int i = 3; i < 3 + states; i++) part[i] = inputs[i][3..14];
        RecurrentSweep.Of(cell, false, part[0], part[1], part[2], part[3..(3 + states)], part[^2], part[^1])[0].ToArray<float>()
            .ShouldBe(RecurrentSweep.Of(cell, false, inputs[0], inputs[1], inputs[2], inputs[3..(3 + states)], inputs[^2], inputs[^1])[0][.., 3..14]
                .ToArray<float>());

        float[][] Bits(int threads, Tensor[] inputs)
        {
            int before = Workers.Count;
            try
            {
                Workers.Count = threads;
                return [.. Results(cell, false, inputs).Select(result => result.ToArray<float>())];
            }
            finally
            {
                Workers.Count = before;
            }
        }
    }

    [Test]
    public void A_second_backward_pass_has_the_gradients_of_the_first([ValueSource(nameof(s_cells))] string name)
    {
        CellKind cell = Enum.Parse<CellKind>(name);
        Tensor[] inputs = Inputs(cell, [3, 2, 4, 5], DType.Float64, true);
        Tensor output = RecurrentSweep.Of(cell, false, inputs[0], inputs[1], inputs[2], inputs[3..^2], inputs[^2], inputs[^1])[0];
        output.Backward(Tensor.Ones(output.Shape, output.DType), retainGraph: true);
        double[][] first = [.. inputs.Select(input => input.Grad!.ToArray<double>())];
        foreach (Tensor input in inputs) input.Grad = null;
        output.Backward(Tensor.Ones(output.Shape, output.DType));
        inputs.Select(input => input.Grad!.ToArray<double>()).ShouldBe(first);
    }

    private static double Largest(Tensor x) => x.ElementCount == 0 ? 0 : x.Abs().Max().Item<double>();

    private static Tensor[] Inputs(CellKind cell, int[] size, DType dtype, bool hasBias)
    {
        (int steps, int rows, int features, int hidden, int gates) = (size[0], size[1], size[2], size[3], RecurrentShape.GatesOf(cell));
        int[] state = [rows, hidden], bias = [gates * hidden];
        int[][] shapes = [[steps, rows, features], [gates * hidden, features], [gates * hidden, hidden], state];
        if (cell == CellKind.Lstm) shapes = [.. shapes, state];
        if (hasBias) shapes = [.. shapes, bias, bias];
        var generator = new Generator(7);
        Tensor[] inputs = [.. shapes.Select(shape => Tensor.Randn(shape, generator, dtype) * 0.5)];
        inputs[0] = inputs[0].Transpose(0, 1).Contiguous().Transpose(0, 1); // as with batchFirst
        return [.. inputs.Select(input => { Tensor leaf = input.Detach(); leaf.RequiresGrad = true; return leaf; })];
    }

    /// <summary>The outputs, and the gradients of all inputs from different gradients of the outputs.</summary>
    private static Tensor[] Results(CellKind cell, bool isBackwards, Tensor[] inputs)
    {
        int states = cell == CellKind.Lstm ? 2 : 1;
        Tensor[] outputs = RecurrentSweep.Of(cell, isBackwards, inputs[0], inputs[1], inputs[2], inputs[3..(3 + states)],
            inputs.ElementAtOrDefault(3 + states), inputs.ElementAtOrDefault(4 + states));
        foreach (Tensor input in inputs) input.Grad = null;
        outputs.Select((output, i) => (output * Tensor.Randn(output.Shape, new Generator(i), output.DType)).Sum()).Aggregate((a, b) => a + b)
            .Backward();
        return [.. outputs, .. inputs.Select(input => input.Grad!)];
    }
}
