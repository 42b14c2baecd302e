namespace MiniTorch.Nn;

/// <summary>The initial weights that PyTorch's linear and convolution layers share.</summary>
internal static class LayerInit
{
    /// <summary>Draws a Kaiming-uniform weight with a = √5, which is uniform on ±1/√fan_in.</summary>
    public static Parameter Weight(Shape shape, DType dtype, Generator? generator)
    {
        var weight = new Parameter(Tensor.Empty(shape, dtype));
        Init.KaimingUniform(weight, Math.Sqrt(5), generator: generator);
        return weight;
    }

    /// <summary>Draws a bias, uniform on ±1/√fan_in.</summary>
    public static Parameter Bias(Shape shape, long fanIn, DType dtype, Generator? generator) =>
        Uniform(shape, fanIn > 0 ? 1 / Math.Sqrt(fanIn) : 0, dtype, generator);

    /// <summary>Draws a Xavier-uniform weight.</summary>
    public static Parameter Xavier(Shape shape, DType dtype, Generator? generator)
    {
        var weight = new Parameter(Tensor.Empty(shape, dtype));
        Init.XavierUniform(weight, generator: generator);
        return weight;
    }

    /// <summary>Draws a parameter, uniform on ±<paramref name="bound"/>.</summary>
    public static Parameter Uniform(Shape shape, double bound, DType dtype, Generator? generator)
    {
        var parameter = new Parameter(Tensor.Empty(shape, dtype));
        Init.Uniform(parameter, -bound, bound, generator);
        return parameter;
    }
}
